// SPDX-License-Identifier: Apache-2.0
// A specialist over libwebrtc in a process of its own, because that module may crash when Node unloads it. Argument: JSON
// {folder, url, ca, origin, password, video, speech}. Writes a JSON line twice a second; "end OPINION" on standard input
// ends and signs. Whoever started it kills it.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import wrtc from '@roamhq/wrtc';
import WebSocket from 'ws';
import { ffmpeg } from './support.mjs';

const WIDTH = 360, HEIGHT = 288, FRAME_BYTES = WIDTH * HEIGHT * 1.5;
const { RTCVideoSource, RTCAudioSource, RTCVideoSink, RTCAudioSink } = wrtc.nonstandard;
const settings = JSON.parse(process.argv[2]);
const received = { frames: 0, loud: 0, size: '' };
const sinks = [];

/** Feeds the real clip and speech into libwebrtc at their pace. */
function startSources() {
    const { folder } = settings;
    ffmpeg('-i', settings.video, '-an', '-pix_fmt', 'yuv420p', '-f', 'rawvideo', `${folder}/camera.yuv`);
    ffmpeg('-i', settings.speech, '-ac', '1', '-ar', '48000', '-f', 's16le', `${folder}/microphone.pcm`);
    const frames = readFileSync(`${folder}/camera.yuv`), speech = readFileSync(`${folder}/microphone.pcm`);
    const video = new RTCVideoSource(), audio = new RTCAudioSource();
    let frame = 0, sample = 0;
    setInterval(() => {
        const at = (frame++ % (frames.length / FRAME_BYTES)) * FRAME_BYTES;
        video.onFrame({ width: WIDTH, height: HEIGHT, data: new Uint8ClampedArray(frames.subarray(at, at + FRAME_BYTES)) });
    }, 40);
    setInterval(() => {
        const samples = new Int16Array(480);
        for (let i = 0; i < 480; i++) samples[i] = speech.readInt16LE((sample++ * 2) % speech.length);
        audio.onData({ samples, sampleRate: 48000, bitsPerSample: 16, channelCount: 1, numberOfFrames: 480 });
    }, 10);
    return [audio.createTrack(), video.createTrack()];
}

/** Counts what libwebrtc decoded: frames, and blocks of samples that are not silence. */
function watch(track) {
    const sink = track.kind === 'video' ? new RTCVideoSink(track) : new RTCAudioSink(track);
    sink.onframe = ({ frame }) => { received.frames++; received.size = `${frame.width}x${frame.height}`; };
    sink.ondata = ({ samples }) => { received.loud += samples.some((s) => Math.abs(s) > 1000) ? 1 : 0; };
    sinks.push(sink);
}

for (const name of ['RTCPeerConnection', 'MediaStream', 'MediaStreamTrack', 'RTCSessionDescription', 'RTCIceCandidate',
    'RTCRtpReceiver', 'RTCRtpSender']) globalThis[name] = wrtc[name];
const { Participant } = (await import(`${settings.folder}/participant.cjs`)).default;
const tracks = startSources();
const socket = new WebSocket(settings.url, 'shanqiao.v1', { ca: readFileSync(settings.ca), origin: settings.origin });
const specialist = new Participant({ socket, handlerName: 'Chrome111', account: 'acc_specialist', password: settings.password,
    tracks: async () => tracks, onTrack: watch });
await specialist.start();
let ended = false;
setInterval(() => console.log(JSON.stringify({ ...received, ended, failure: specialist.failure, log: specialist.log })), 500);
for await (const line of createInterface(process.stdin)) {
    await specialist.end(JSON.parse(line.replace(/^end /, '')));
    ended = true;
}
