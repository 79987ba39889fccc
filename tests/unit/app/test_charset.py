"""Texts of many languages are read as they were written, short or long."""

import pytest

from app.engine.charset import encoding_of

TEXTS = {
    "english": ("cp1252", "It’s late – we’d better go home.\nDon’t wait for me."),
    "french": ("cp1252", "Où êtes-vous passé ?\nÇa m’est égal, la fenêtre était ouverte.\nNoël, cœur, déjà vu."),
    "german": ("cp1252", "Wir müssen früh los.\nDie Straße ist glatt, schöne Grüße!\nÄpfel und Öl."),
    "spanish": ("cp1252", "¿Dónde está el niño?\n¡Mañana será otro día!\nEl pingüino comió."),
    "portuguese": ("cp1252", "Não há ninguém aqui.\nAmanhã à noite, avó e avô.\nA canção é uma ilusão."),
    "italian": ("cp1252", "È già tardi, perché non vieni?\nLa città è più bella così."),
    "swedish": ("cp1252", "Var är du någonstans?\nJag höll på att missa tåget.\nÅk hem!"),
    "danish": ("cp1252", "Hvor er du på vej hen?\nJeg så en rød sø i går, æblet faldt.\nÅh nej!"),
    "finnish": ("cp1252", "Missä sinä olet?\nHyvää yötä, äiti.\nTämä on päivä."),
    "dutch": ("cp1252", "Geïnteresseerd in één idee?\nDe zee is kalm, coördinatie."),
    "icelandic": ("cp1252", "Það er gott veður í dag.\nÉg á þrjú börn og sækja æfingu.\nHvað ertu að gera?"),
    "polish": ("cp1250", "Gdzie jesteś? Źle się czuję.\nŻółw i łąka są piękne.\nNie mogę już czekać."),
    "czech": ("cp1250", "Kde jsi byl včera večer?\nPříliš žluťoučký kůň úpěl.\nNěkdo přišel domů."),
    "hungarian": ("cp1250", "Hol voltál tegnap?\nNagyon köszönöm, jól vagyok.\nFőzök egy jó gyümölcsöt, hűvös idő."),
    "croatian": ("cp1250", "Gdje si bio jučer?\nŽivot je lijep, čovječe.\nMeđutim, došao je kući."),
    "romanian": ("cp1250", "Unde ai fost ieri?\nÎmi place să mănânc pâine şi brânză.\nAţi venit târziu."),
    "turkish": ("cp1254", "Dün gece neredeydin?\nÇok güzel bir gün, değil mi?\nİyi akşamlar, şimdi ağlıyorum."),
    "lithuanian": ("cp1257", "Kur buvai vakar?\nAš esu labai alkanas, žinai.\nGražų vakarą, ačiū, mėnulį mačiau."),
    "russian": ("cp1251", "Где ты был вчера вечером?\nЯ не могу больше ждать.\nСпасибо, всё хорошо."),
    "russian koi8": ("koi8_r", "Где ты был вчера вечером?\nЯ не могу больше ждать.\nСпасибо, всё хорошо."),
    "russian dos": ("cp866", "Где ты был вчера вечером?\nЯ не могу больше ждать.\nСпасибо, всё хорошо."),
    "greek": ("cp1253", "Πού ήσουν χθες το βράδυ;\nΔεν μπορώ να περιμένω άλλο.\nΕυχαριστώ πολύ."),
    "hebrew": ("cp1255", "איפה היית אתמול בלילה?\nאני לא יכול לחכות יותר.\nתודה רבה."),
    "arabic": ("cp1256", "أين كنت الليلة الماضية؟\nلا أستطيع الانتظار أكثر من ذلك.\nشكرا جزيلا."),
    "japanese": ("shift_jis", "昨日の夜はどこにいたの？\nもう待てないよ。\nありがとうございます。"),
    "japanese euc": ("euc_jp", "昨日の夜はどこにいたの？\nもう待てないよ。\nありがとうございます。"),
    "chinese": ("gb18030", "你昨天晚上在哪里？\n我不能再等了，他们来了。\n这是我的朋友。"),
    "taiwanese": ("big5", "你昨天晚上在哪裡？\n我不能再等了，他們來了。\n這是我的朋友。"),
    "korean": ("euc_kr", "어젯밤에 어디에 있었어?\n나는 더 이상 기다릴 수 없다.\n고맙습니다, 우리는 지금 가고 있어요."),
}  # fmt: skip


@pytest.mark.parametrize("times", [1, 60])
@pytest.mark.parametrize("language", TEXTS)
def test_the_letters_are_those_that_were_written(language: str, times: int) -> None:
    encoding, text = TEXTS[language]
    raw = "".join(
        f"{n}\n00:00:0{n % 10},000 --> 00:00:0{n % 10},900\n{text}\n\n" for n in range(times)
    )
    name, is_sure = encoding_of(raw.encode(encoding))
    assert raw.encode(encoding).decode(name) == raw
    assert not is_sure


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_what_a_text_says_of_itself_is_sure(encoding: str) -> None:
    raw = "Źle się czuję".encode(encoding)
    name, is_sure = encoding_of(raw)
    assert is_sure
    assert raw.decode(name) == "Źle się czuję"


@pytest.mark.parametrize("raw", [b"", b"plain", b"\xff", b"\x81\x8d", bytes(range(256)) * 3])
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    name, _ = encoding_of(raw)
    raw.decode(name, errors="replace")
