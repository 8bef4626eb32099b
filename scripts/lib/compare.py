# SPDX-License-Identifier: Apache-2.0
"""Compares what a terminal decoded (--record) with what the other one sent.

Picture: each displayed frame is paired with the source frame of the same capture time (frames.csv of the receiver,
sent.csv of the sender) and scored by ffmpeg's SSIM (Wang et al. 2004). Speech: the received WAV is cross-correlated
with the source in one-second pieces at 8 kHz; the delay is the median peak, the score the correlation at it.
"""
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

RATE = 8000              # Hz, speech is compared up to 4 kHz
PIECE = RATE             # samples a piece
SILENT = 200.0           # RMS of 16 bit below which a piece is not speech
CAPTURE_TOLERANCE = 20_000  # us between the sender's clock and its RTCP mapping


def read_csv(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f))


def read_speech(path, filters=()):
    raw = subprocess.run(["ffmpeg", "-v", "error", *filters, "-i", str(path), "-ac", "1", "-ar", str(RATE),
                          "-f", "s16le", "-"], check=True, capture_output=True).stdout
    return np.frombuffer(raw, dtype="<i2").astype(np.float64)


def pair_frames(sent, shown):
    """[(index in shown, source frame)] by nearest capture time; frames without a partner are counted."""
    times = np.array([int(r["capture_us"]) for r in sent])
    frames = [int(r["source_frame"]) for r in sent]
    pairs, lost = [], 0
    for i, row in enumerate(shown):
        at = int(row["capture_us"])
        j = int(np.argmin(np.abs(times - at))) if len(times) else 0
        if at == 0 or not len(times) or abs(int(times[j]) - at) > CAPTURE_TOLERANCE:
            lost += 1
        else:
            pairs.append((i, frames[j]))
    return pairs, lost


def decode_source(path, width, height):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-an", "-pix_fmt", "yuv420p", "-vf",
                          f"scale={width}:{height}", "-f", "rawvideo", "-"], check=True, capture_output=True).stdout
    size = width * height * 3 // 2
    return [raw[i:i + size] for i in range(0, len(raw), size)]


def ssim_of(recorded, source, pairs, width, height, rate=25):
    """Mean and lowest SSIM (all planes) of the paired frames."""
    wanted = dict(pairs)
    reference = decode_source(source, width, height)
    size = width * height * 3 // 2
    with tempfile.TemporaryDirectory() as tmp:
        got, ref, log = (Path(tmp) / n for n in ("got.yuv", "ref.yuv", "ssim.log"))
        with open(recorded, "rb") as y4m, open(got, "wb") as g, open(ref, "wb") as r:
            y4m.readline()
            index = 0
            while y4m.readline().startswith(b"FRAME"):
                frame = y4m.read(size)
                if index in wanted and len(frame) == size:
                    g.write(frame)
                    r.write(reference[wanted[index] % len(reference)])
                index += 1
        shape = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{width}x{height}", "-r", str(rate)]
        subprocess.run(["ffmpeg", "-v", "error", *shape, "-i", str(got), *shape, "-i", str(ref), "-lavfi",
                        f"ssim=stats_file={log.name}", "-f", "null", "-"], check=True, cwd=tmp)
        scores = [float(line.split("All:")[1].split()[0]) for line in log.read_text().splitlines()]
    return (float(np.mean(scores)), float(np.min(scores)), len(scores)) if scores else (0.0, 0.0, 0)


def compare_video(receiver_dir, sender_dir, source):
    receiver, sender = Path(receiver_dir), Path(sender_dir)
    shown = [r for r in read_csv(receiver / "frames.csv") if r["file"] == "1"]
    pairs, unpaired = pair_frames(read_csv(sender / "sent.csv"), shown)
    if not pairs:
        return {"frames_compared": 0, "frames_unpaired": unpaired, "ssim": 0.0, "ssim_lowest": 0.0}
    width, height = int(shown[0]["width"]), int(shown[0]["height"])
    mean, lowest, count = ssim_of(receiver / "video.y4m", source, pairs, width, height)
    return {"frames_compared": count, "frames_unpaired": unpaired, "ssim": round(mean, 4),
            "ssim_lowest": round(lowest, 4)}


def peak_of(piece, source):
    """(score, lag) of the best match of piece in source: normalised cross-correlation by FFT."""
    n = 1 << int(np.ceil(np.log2(len(piece) + len(source))))
    cross = np.fft.irfft(np.fft.rfft(source, n) * np.conj(np.fft.rfft(piece, n)), n)[:len(source) - len(piece) + 1]
    total = np.concatenate(([0.0], np.cumsum(source ** 2)))
    energy = total[len(piece):] - total[:-len(piece)]
    score = cross / np.sqrt(np.maximum(energy, 1.0) * max(float(np.dot(piece, piece)), 1.0))
    best = int(np.argmax(score))
    return float(score[best]), best


def read_timing(folder):
    return {r["name"]: int(r["value"]) for r in read_csv(Path(folder) / "timing.csv")}


def delay_ms(at, where, heard, sent, loop):
    """Mouth to ear of one piece: played minus captured, the source repeating every `loop` samples."""
    played = heard["audio_start_us"] / 1000.0 + at * 1000.0 / RATE
    captured = sent["audio_sent_us"] / 1000.0 + (where * 1000.0 / RATE - sent["audio_sent_position"] / 48.0)
    period = loop * 1000.0 / RATE
    return (played - captured + period / 4) % period - period / 4


def compare_speech(receiver_dir, sender_dir, source):
    """Each speaking second of what was heard, looked up in the source (which repeats)."""
    received, original = read_speech(Path(receiver_dir) / "audio.wav"), read_speech(source)
    heard, sent = read_timing(receiver_dir), read_timing(sender_dir)
    looped = np.tile(original, 2 + PIECE // len(original))[:len(original) + PIECE]
    scores, delays = [], []
    for at in range(0, len(received) - PIECE + 1, PIECE):
        piece = received[at:at + PIECE]
        if np.sqrt(np.mean(piece ** 2)) < SILENT:
            continue
        score, where = peak_of(piece, looped)
        scores.append(score)
        delays.append(delay_ms(at, where, heard, sent, len(original)))
    if not scores:
        return {"seconds_compared": 0, "correlation": 0.0, "mouth_to_ear_ms": None}
    return {"seconds_compared": len(scores), "correlation": round(float(np.median(scores)), 4),
            "correlation_lowest": round(float(np.min(scores)), 4),
            "mouth_to_ear_ms": round(float(np.median(delays)), 1)}


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: compare.py RECEIVER_DIR SENDER_DIR SOURCE_VIDEO SOURCE_SPEECH")
    print(compare_video(*sys.argv[1:4]))
    print(compare_speech(sys.argv[1], sys.argv[2], sys.argv[4]))
