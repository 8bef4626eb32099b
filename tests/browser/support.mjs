// SPDX-License-Identifier: Apache-2.0
// An installation on loopback, a village terminal, and patience with a bound.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const BUILD = process.env.SHANQIAO_BUILD ?? path.join(ROOT, 'build', 'release');
const MEDIA = path.join(ROOT, 'tests', 'data', 'media');
const LIB = path.join(ROOT, 'scripts', 'lib');
export const VILLAGE = { video: `${MEDIA}/grid_brbk7n.mpg`, speech: `${MEDIA}/zh_aishell1_BAC009S0724W0121_16k.wav` };
export const COUNTY = { video: `${MEDIA}/grid_bbaf2n.mpg`, speech: `${MEDIA}/zh_wenet_long_16k.wav` };
export const OPINION = JSON.parse(readFileSync(`${LIB}/demo-opinion.json`, 'utf8'));

export function temporaryFolder() {
    return mkdtempSync(path.join(tmpdir(), 'shanqiao-browser-'));
}

/** The participant of libwebrtc.test.mjs, as Node can load it. */
export async function build(folder) {
    await esbuild.build({ bundle: true, logLevel: 'error', absWorkingDir: path.join(ROOT, 'tests', 'browser'), entryPoints: ['src/participant.ts'],
        platform: 'node', format: 'cjs', outfile: `${folder}/participant.cjs` });
}

/** Signalling and a relay of their own, without pages; stop() ends them. */
export async function startInstallation(folder) {
    const child = spawn('/usr/bin/python3', ['-B', `${LIB}/installation.py`, `${folder}/installation`],
        { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, SHANQIAO_BUILD: BUILD } });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    const line = await Promise.race([
        new Promise((resolve) => createInterface(child.stdout).once('line', resolve)),
        ended.then((code) => { throw new Error(`the installation ended with ${code}`); }),
    ]);
    return { ...JSON.parse(line), stop: async () => { child.stdin.end(); await ended; } };
}

/** A native village terminal; ended() gives its report. */
export function startVillage(installation, folder) {
    const report = `${folder}/village.json`;
    const child = spawn(`${BUILD}/bin/shanqiao-terminal`, ['--as', 'doctor', '--server', installation.url,
        '--ca', installation.ca, '--account', 'acc_village', '--headless', '--automatic', '--video', VILLAGE.video,
        '--audio', VILLAGE.speech, '--consultation', `${LIB}/demo-request.json`, '--report', report,
        '--record', `${folder}/village`, '--language', 'en'],
        { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SHANQIAO_PASSWORD: installation.passwords.village } });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    const exit = new Promise((resolve) => child.on('exit', resolve));
    return {
        stop: () => child.kill('SIGTERM'),
        ended: async () => {
            const code = await exit;
            if (code !== 0) throw new Error(`the village terminal ended with ${code}:\n${output}`);
            return JSON.parse(readFileSync(report, 'utf8'));
        },
    };
}

export async function until(condition, what, seconds = 30) {
    const end = Date.now() + seconds * 1000;
    for (;;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > end) throw new Error(`${what} did not happen within ${seconds} s`);
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
}

export function ffmpeg(...argv) {
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...argv]);
}

export function remove(folder) {
    rmSync(folder, { recursive: true, force: true });
}

/** What a receiver's statistics say of one kind of media. */
export function inbound(stats, kind) {
    const rows = stats.filter((row) => row.type === 'inbound-rtp' && row.kind === kind);
    const sum = (name) => rows.reduce((total, row) => total + (row[name] ?? 0), 0);
    return { packets: sum('packetsReceived'), lost: sum('packetsLost'), frames: sum('framesDecoded'),
        energy: sum('totalAudioEnergy') };
}
