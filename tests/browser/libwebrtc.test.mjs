// SPDX-License-Identifier: Apache-2.0
// libwebrtc (from npm, in Node) and a native village terminal in the same room: both decode each other.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import wrtc from '@roamhq/wrtc';
import WebSocket from 'ws';
import { COUNTY, OPINION, build, ffmpeg, remove, startInstallation, startVillage, temporaryFolder, until } from './support.mjs';

const WIDTH = 360, HEIGHT = 288, FRAME_BYTES = WIDTH * HEIGHT * 1.5;
const FRAMES_WANTED = 60;
const { RTCVideoSource, RTCAudioSource, RTCVideoSink, RTCAudioSink } = wrtc.nonstandard;

/** Feeds the real clip and speech into libwebrtc at their pace. */
function startSources(folder, t) {
    ffmpeg('-i', COUNTY.video, '-an', '-pix_fmt', 'yuv420p', '-f', 'rawvideo', `${folder}/camera.yuv`);
    ffmpeg('-i', COUNTY.speech, '-ac', '1', '-ar', '48000', '-f', 's16le', `${folder}/microphone.pcm`);
    const frames = readFileSync(`${folder}/camera.yuv`), speech = readFileSync(`${folder}/microphone.pcm`);
    const video = new RTCVideoSource(), audio = new RTCAudioSource();
    let frame = 0, sample = 0;
    const pictures = setInterval(() => {
        const at = (frame++ % (frames.length / FRAME_BYTES)) * FRAME_BYTES;
        video.onFrame({ width: WIDTH, height: HEIGHT, data: new Uint8ClampedArray(frames.subarray(at, at + FRAME_BYTES)) });
    }, 40);
    const sounds = setInterval(() => {
        const samples = new Int16Array(480);
        for (let i = 0; i < 480; i++) samples[i] = speech.readInt16LE(((sample++ * 2) % speech.length));
        audio.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
    }, 10);
    t.after(() => { clearInterval(pictures); clearInterval(sounds); });
    return [audio.createTrack(), video.createTrack()];
}

/** Counts what libwebrtc decoded: frames, and samples that are not silence. */
function watch(received, t) {
    return (track) => {
        const sink = track.kind === 'video' ? new RTCVideoSink(track) : new RTCAudioSink(track);
        sink.onframe = ({ frame }) => { received.frames++; received.size = `${frame.width}x${frame.height}`; };
        sink.ondata = ({ samples }) => { received.loud += samples.some((s) => Math.abs(s) > 1000) ? 1 : 0; };
        t.after(() => sink.stop());
    };
}

test('libwebrtc and a native terminal decode each other to a signed opinion', { timeout: 120_000 }, async (t) => {
    const folder = temporaryFolder();
    t.after(() => remove(folder));
    await build(folder);
    for (const name of ['RTCPeerConnection', 'MediaStream', 'MediaStreamTrack', 'RTCSessionDescription', 'RTCIceCandidate',
        'RTCRtpReceiver', 'RTCRtpSender']) globalThis[name] = wrtc[name];
    const { Participant } = (await import(`${folder}/participant.cjs`)).default;
    const installation = await startInstallation(folder, folder);
    t.after(() => installation.stop());

    const received = { frames: 0, loud: 0, size: '' };
    const tracks = startSources(folder, t);
    const socket = new WebSocket(installation.url, 'shanqiao.v1',
        { ca: readFileSync(installation.ca), origin: new URL(installation.https).origin });
    t.after(() => socket.terminate());
    const specialist = new Participant({ socket, handlerName: 'Chrome111', account: 'acc_specialist',
        password: installation.passwords.specialist, tracks: async () => tracks, onTrack: watch(received, t) });
    await specialist.start();
    const village = startVillage(installation, folder);
    t.after(() => village.stop());

    try {
        await until(() => received.frames >= FRAMES_WANTED, 'pictures in libwebrtc');
        await until(() => received.loud >= 20, 'speech in libwebrtc');
    } catch (error) {
        throw new Error(`${error.message}; ${JSON.stringify({ received, failure: specialist.failure, log: specialist.log })}`);
    }
    t.diagnostic(`libwebrtc received ${JSON.stringify(received)}`);
    await specialist.end(OPINION);
    assert.equal(specialist.failure, null);

    const report = await village.ended();
    t.diagnostic(`village received ${JSON.stringify({ video: report.video, audio: report.audio, srtp: report.srtp_profile })}`);
    assert.equal(report.consultation.opinion_verified, true);
    assert.ok(report.video.frames_decoded >= FRAMES_WANTED / 2, 'the village decoded libwebrtc');
    assert.ok(report.audio.played_ms > 1000, 'the village heard libwebrtc');
});
