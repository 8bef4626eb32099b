# SPDX-License-Identifier: Apache-2.0
"""The demonstration: one consultation from request to signed opinion, every part real, on loopback."""
import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import compare
from installation import (ROOT, Failed, Installation, accept_any_text, built_pages, ignore_signals, make_folder,
                          program, remove_former, stop_when_told)

MEDIA = ROOT / "tests" / "data" / "media"
VILLAGE = {"video": MEDIA / "grid_brbk7n.mpg", "speech": MEDIA / "zh_aishell1_BAC009S0724W0121_16k.wav"}
COUNTY = {"video": MEDIA / "grid_bbaf2n.mpg", "speech": MEDIA / "zh_wenet_long_16k.wav"}
MARGIN_SECONDS = 60  # beyond the talk, for the whole consultation

TEXT = {
    "zh-CN": {"building": "准备", "servers": "启动信令与中继", "waiting": "专家登录值班", "running": "会诊进行中",
              "comparing": "比对收到与发出的声音和画面", "village": "村卫生室", "specialist": "县医院专家",
              "done": "报告", "running_at": "服务保持运行，按 Ctrl+C 结束", "web": "地址", "pages": "网页", "accounts": "账号",
              "failed": "演示失败", "missed": "未达到要求", "stopped": "已停止"},
    "en": {"building": "preparing", "servers": "starting signalling and relay", "waiting": "specialist goes on duty",
           "running": "consultation running", "comparing": "comparing what was received with what was sent",
           "village": "village", "specialist": "county specialist", "done": "report",
           "running_at": "left running, Ctrl+C ends it", "web": "address", "pages": "pages", "accounts": "accounts",
           "failed": "the demo failed", "missed": "the demo missed what it must reach", "stopped": "stopped"},
}


class Progress:
    """One line that tells where we are; plain lines when nobody watches a terminal."""

    def __init__(self, texts):
        self.texts, self.started, self.live = texts, time.monotonic(), sys.stdout.isatty()
        self.last = ""

    def show(self, step, detail=""):
        line = f"[{time.monotonic() - self.started:5.1f} s] {self.texts[step]} {detail}".rstrip()
        if self.live:
            print(f"\r\x1b[2K{line}", end="", flush=True)
        elif (step, detail) != self.last:
            print(line, flush=True)
        self.last = (step, detail)

    def end(self):
        if self.live:
            print()


class Terminal:
    """One shanqiao-terminal of the demo and what it wrote."""

    def __init__(self, installation, out, name, role, media, extra, password=None):
        self.name, self.dir, self.media = name, out / name, media
        self.events_file, self.report_file = out / f"{name}-events.jsonl", out / f"{name}.json"
        self.events_file.touch()
        password = installation.write(f"{name}.password", (password or installation.passwords[name]) + "\n")
        installation.start(name, [
            program("shanqiao-terminal"), "--as", role, "--server", installation.url, "--ca",
            installation.folder / "tls" / "ca.crt", "--account", f"acc_{name}", "--password-file", password,
            "--headless", "--automatic", "--video", media["video"], "--audio", media["speech"], "--record", self.dir,
            "--report", self.report_file, "--events", self.events_file, *extra])
        self.process = installation.processes[name]

    def events(self):
        lines = self.events_file.read_text().splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def first(self, event):
        return next((e for e in self.events() if e["event"] == event), None)

    def state(self):
        states = [e["state"] for e in self.events() if e["event"] == "state"]
        return states[-1] if states else ""

    def report(self):
        return json.loads(self.report_file.read_text())


def wait_until(condition, seconds, what, each=lambda: None):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f"{what} did not happen within {seconds} s")
        each()
        time.sleep(0.1)


def consult(installation, out, seconds, progress):
    progress.show("waiting")
    specialist = Terminal(installation, out, "specialist", "specialist", COUNTY, [
        "--opinion", ROOT / "scripts" / "lib" / "demo-opinion.json", "--seconds", seconds, "--snapshot",
        out / "specialist-saw.png"])
    wait_until(lambda: specialist.first("on_duty"), 15, "the specialist's sign-in",
               lambda: installation.check("specialist"))
    village = Terminal(installation, out, "village", "doctor", VILLAGE, [
        "--consultation", ROOT / "scripts" / "lib" / "demo-request.json"])
    wait_until(lambda: village.process.poll() is not None and specialist.process.poll() is not None,
               seconds + MARGIN_SECONDS, "the end of the consultation",
               lambda: progress.show("running", village.state()))
    for t in (village, specialist):
        if t.process.returncode:
            tail = (installation.folder / f"{t.name}.log").read_text(errors="replace")[-600:]
            raise Failed(f"terminal {t.name} ended with {t.process.returncode}:\n{tail}")
    return village, specialist


def side(terminal, quality):
    report = terminal.report()
    keys = ("audio", "video", "rtt_ms", "srtp_profile", "recording")
    return {key: report[key] for key in keys} | {"received_quality": quality}


def build_report(village, specialist, progress):
    progress.show("comparing")
    quality = {
        "village": compare.compare_video(village.dir, specialist.dir, COUNTY["video"])
        | compare.compare_speech(village.dir, specialist.dir, COUNTY["speech"]),
        "specialist": compare.compare_video(specialist.dir, village.dir, VILLAGE["video"])
        | compare.compare_speech(specialist.dir, village.dir, VILLAGE["speech"]),
    }
    v, s = village.report(), specialist.report()
    ring = (specialist.first("ring")["utc_us"] - v["timing"]["submit_utc_us"]) / 1000.0
    return {
        "consultation": v["consultation"],
        "timing": {"submit_to_ring_ms": round(ring, 1),
                   "accept_to_first_audio_ms": round(s["timing"]["accept_to_first_audio_ms"], 1),
                   "accept_to_first_frame_ms": round(s["timing"]["accept_to_first_frame_ms"], 1)},
        "village": side(village, quality["village"]),
        "specialist": side(specialist, quality["specialist"]),
    }


ROWS = [
    ("speech packets sent / received / lost", lambda r: "{sent_packets} / {received_packets} / {lost_packets}".format(**r["audio"])),
    ("speech concealed, ms", lambda r: r["audio"]["concealed_ms"]),
    ("speech sent, kb/s", lambda r: f'{r["audio"]["bitrate_kbps"]:.0f}'),
    ("speech heard against source, correlation", lambda r: r["received_quality"]["correlation"]),
    ("mouth to ear, ms", lambda r: r["received_quality"]["mouth_to_ear_ms"]),
    ("frames sent / decoded", lambda r: "{frames_sent} / {frames_decoded}".format(**r["video"])),
    ("picture", lambda r: "{width}x{height}".format(**r["video"])),
    ("picture sent, kb/s", lambda r: f'{r["video"]["bitrate_kbps"]:.0f}'),
    ("picture frozen, ms", lambda r: r["video"]["freeze_ms"]),
    ("picture seen against source, SSIM", lambda r: r["received_quality"]["ssim"]),
    ("round trip, ms", lambda r: r["rtt_ms"]),
    ("SRTP", lambda r: r["srtp_profile"]),
]


def missed(report):
    """What the report must reach and did not, one sentence each."""
    consultation = report["consultation"]
    checks = [(consultation["state"] in ("archived", "delivered"), f'state is {consultation["state"]}'),
              (consultation["opinion_verified"] is True, "the opinion is not verified")]
    for name, other in (("village", "specialist"), ("specialist", "village")):
        r, sent = report[name], report[other]["video"]["frames_sent"]
        decoded, frozen = r["video"]["frames_decoded"], r["video"]["freeze_ms"]
        concealed, ssim = r["audio"]["concealed_ms"], r["received_quality"]["ssim"]
        checks += [
            (sent > 0 and decoded >= 0.9 * sent, f"{name} frames_decoded {decoded} is under 90 % of {sent} sent"),
            (frozen < 500, f"{name} freeze_ms {frozen} is not under 500"),
            (concealed < 200, f"{name} concealed_ms {concealed} is not under 200"),
            ("GCM" in r["srtp_profile"], f'{name} srtp_profile {r["srtp_profile"]} is not a GCM one'),
            (ssim >= 0.90, f"{name} ssim {ssim} is under 0.90")]
    return [sentence for reached, sentence in checks if not reached]


def verdict(report, texts):
    """Prints what was missed; the exit code."""
    sentences = missed(report)
    for sentence in sentences:
        print(f'{texts["missed"]}: {sentence}', file=sys.stderr)
    return 1 if sentences else 0


def print_table(report, texts):
    c, t = report["consultation"], report["timing"]
    print(f'\n{c["id"]}: {c["state"]}, opinion verified: {c["opinion_verified"]}')
    print(f'submit to ring {t["submit_to_ring_ms"]} ms, accept to first speech {t["accept_to_first_audio_ms"]} ms, '
          f'to first picture {t["accept_to_first_frame_ms"]} ms\n')
    print(f'{"":42} {texts["village"]:>24} {texts["specialist"]:>24}')
    for name, value in ROWS:
        print(f'{name:42} {str(value(report["village"])):>24} {str(value(report["specialist"])):>24}')


def keep_running(installation, texts):
    print(f'\n{texts["running_at"]}\n{texts["web"]}: {installation.url} (CA {installation.folder}/tls/ca.crt)')
    if installation.web:
        print(f'{texts["pages"]}: https://127.0.0.1:{installation.https}/')
    for name, password in installation.passwords.items():
        print(f'{texts["accounts"]}: acc_{name} / {password}')
    try:
        while True:
            for name in ("relay", "signaling"):
                installation.check(name)
            time.sleep(1)
    except KeyboardInterrupt:
        pass


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "demo-out", help="folder for the report (made anew)")
    parser.add_argument("--seconds", type=int, default=20, help="length of the talk")
    parser.add_argument("--keep", action="store_true", help="leave the servers running, print address and accounts")
    parser.add_argument("--language", choices=("zh-CN", "en"),
                        default="zh-CN" if os.environ.get("LANG", "").startswith("zh") else "en")
    args = parser.parse_args()
    texts = TEXT[args.language]
    progress = Progress(texts)
    accept_any_text()
    stop_when_told()
    out = args.out.resolve()
    installation = None
    try:
        progress.show("building")
        remove_former(out)
        make_folder(out)
        installation = Installation(out / "installation", built_pages())
        progress.show("servers")
        installation.start_relay()
        installation.start_signaling()
        report = build_report(*consult(installation, out, args.seconds, progress), progress)
        (out / "report.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
        progress.show("done", str(out / "report.json"))
        progress.end()
        print_table(report, texts)
        code = verdict(report, texts)
        if args.keep:
            keep_running(installation, texts)
        return code
    except (Failed, OSError, subprocess.CalledProcessError) as failure:
        progress.end()
        print(f'{texts["failed"]}: {failure}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        progress.end()
        print(texts["stopped"], file=sys.stderr)
        return 130
    finally:
        ignore_signals()
        if installation:
            installation.stop()


if __name__ == "__main__":
    sys.exit(main())
