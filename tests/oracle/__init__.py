"""What operators mean, on decoded frames and samples: written from their documentation, with numpy.

FFmpeg decodes; nothing here uses its filters, and nothing here reads what an operator compiles to.
"""
