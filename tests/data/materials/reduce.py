#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the reduced files of this folder from their originals (README.md): reduce.py FOLDER, which holds them under the
names of SOURCES. Needs ffmpeg and dcmscale (dcmtk)."""
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLES = 60000  # of each lead of record 100: 2 min 46 s
EDF_SECONDS = 60


def segments(jpeg):
    at = 2
    while jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        size = struct.unpack(">H", jpeg[at + 2:at + 4])[0]
        yield jpeg[at + 1], jpeg[at:at + 2 + size]
        at += 2 + size


def photo(source):
    """A quarter of each side, with the whole EXIF segment of the original: GPS, maker's note, thumbnail."""
    exif = next(s for marker, s in segments(source.read_bytes()) if marker == 0xE1)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.jpg"
        subprocess.run(["ffmpeg", "-v", "error", "-noautorotate", "-i", source, "-vf", "scale=816:612", "-q:v", "4",
                        "-map_metadata", "-1", "-bitexact", small], check=True)
        pixels = small.read_bytes()
    (HERE / "iphone5_orientation3_gps_816.jpg").write_bytes(pixels[:2] + exif + pixels[2:])


def chest(source):
    subprocess.run(["dcmscale", "+Sxv", "512", source, HERE / "chest_dx_nih_512.dcm"], check=True)


def leads(data):
    """Format 212 of WFDB to two lists of numbers."""
    first, second = [], []
    for i in range(0, len(data) // 3 * 3, 3):
        a, b, c = data[i:i + 3]
        first.append((a | (b & 15) << 8) - ((b & 8) << 9))
        second.append((c | (b >> 4) << 8) - ((b & 128) << 5))
    return first, second


def wfdb(header, signal):
    data = signal.read_bytes()[:SAMPLES * 3]
    (HERE / "100s.dat").write_bytes(data)
    lines = []
    signals = [line for line in header.read_text().split("\n") if line.startswith("100.dat ")]
    for line, samples in zip(signals, leads(data)):
        words = line.split()
        words[0], words[6] = "100s.dat", str((sum(samples) + 32768) % 65536 - 32768)
        lines.append(" ".join(words))
    (HERE / "100s.hea").write_text(f"100s 2 360 {SAMPLES}\n" + "\n".join(lines) + "\n")


def edf(signal):
    """The first minute of record 100 as EDF, records of one second."""
    both = leads(signal.read_bytes()[:EDF_SECONDS * 360 * 3])
    fields = [("0", 8), ("X X X X", 80), ("Startdate X X X X", 80), ("01.01.85", 8), ("00.00.00", 8), ("768", 8),
              ("", 44), (str(EDF_SECONDS), 8), ("1", 8), ("2", 4)]
    per_signal = [(("MLII", "V5"), 16), (("", ""), 80), (("mV", "mV"), 8), (("-5.12", "-5.12"), 8),
                  (("5.115", "5.115"), 8), (("-1024", "-1024"), 8), (("1023", "1023"), 8), (("", ""), 80),
                  (("360", "360"), 8), (("", ""), 32)]
    head = "".join(f"{text:<{size}}" for text, size in fields)
    head += "".join(f"{text:<{size}}" for texts, size in per_signal for text in texts)
    body = b"".join(struct.pack("<360h", *(v - 1024 for v in lead[s * 360:(s + 1) * 360]))
                    for s in range(EDF_SECONDS) for lead in both)
    (HERE / "100_first_minute.edf").write_bytes(head.encode() + body)


def aecg(source):
    """The first 2 s of each lead."""
    def cut(match):
        return match.group(1) + " ".join(match.group(2).split()[:1000]) + match.group(3)
    text = re.sub(r"(<digits>)([^<]*)(</digits>)", cut, source.read_text(encoding="utf-8"))
    (HERE / "aecg_example_2s.xml").write_text(text, encoding="utf-8")


def main():
    folder = Path(sys.argv[1])
    photo(folder / "iphone5_orientation3_gps.jpg")
    chest(folder / "chest_dx_nih_1024.dcm")
    wfdb(folder / "100.hea", folder / "100.dat")
    edf(folder / "100.dat")
    aecg(folder / "aecg_example.xml")


if __name__ == "__main__":
    main()
