"""Contacts in other writing systems, exported as PDF and read again by pdftotext."""
import subprocess
import sys
import tempfile
from pathlib import Path

carnet = sys.argv[1]
NAMES = {
    "one": ("李", "小龍"),
    "two": ("山田", "太郎"),
    "three": ("たなか", "はなこ"),
    "four": ("Ελένη", "Παπαδοπούλου"),
    "five": ("Vanbrabant", "Élodie"),
    "six": ("Иванов", "Пётр 李"),
}
# As wide as numbers are.
MOBILE = "+33 6 11 22 33 44"
WORK = "+49 (0) 30 1234 5678-90"


def cards():
    for uid, (family, given) in NAMES.items():
        yield (
            f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:{family};{given};;;\r\n"
            f"FN:{given} {family}\r\nTEL;TYPE=CELL:{MOBILE}\r\nTEL;TYPE=WORK:{WORK}\r\nEND:VCARD\r\n"
        )


def run(data, *arguments, **more):
    command = [carnet, *arguments, "--data", data]
    return subprocess.run(command, check=True, capture_output=True, text=True, **more)


with tempfile.TemporaryDirectory() as folder:
    data = f"{folder}/data"
    run(data, "user", "add", "paper", "--admin")
    file = Path(folder, "cards.vcf")
    file.write_text("".join(cards()), newline="")
    run(data, "import", "--to", "paper", str(file))
    for layout in ["list", "cards"]:
        pdf = f"{folder}/{layout}.pdf"
        said = run(data, "export", "--from", "paper", "--format", "pdf", "--layout", layout, pdf)
        assert "printed as boxes, since" not in said.stderr, said.stderr
        text = subprocess.run(
            ["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True
        ).stdout
        for family, given in NAMES.values():
            for word in f"{given} {family}".split():
                assert word in text, (layout, word, text)
        assert MOBILE in text and WORK in text, (layout, text)
        fonts = subprocess.run(["pdffonts", pdf], check=True, capture_output=True, text=True).stdout
        assert "DejaVu" in fonts and len(fonts.splitlines()) >= 4, fonts
        # Subsets of what is used: a whole font of these weighs megabytes.
        assert Path(pdf).stat().st_size < 300_000, Path(pdf).stat().st_size

    # Without such a font the characters are boxes, and that is said.
    config = Path(folder, "carnet.toml")
    config.write_text("pdf_fonts = []\n")
    pdf = f"{folder}/boxes.pdf"
    said = run(data, "export", "--from", "paper", "--format", "pdf", pdf, "--config", str(config))
    assert "李" in said.stderr and "Ε" not in said.stderr, said.stderr
print("pdftotext: names in six writing systems are read back")
