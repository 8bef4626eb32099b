// SPDX-License-Identifier: Apache-2.0
// The bare test page: a specialist in a browser, driven through window.specialist.
import { Participant, type Socket } from './participant.js';

declare global {
    interface Window {
        specialist: Participant;
        startSpecialist(account: string, password: string): Promise<void>;
    }
}

function show(track: MediaStreamTrack): void {
    const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    document.body.append(element);
}

window.startSpecialist = async (account, password) => {
    const socket = new WebSocket(`wss://${location.host}/v1`, 'shanqiao.v1') as unknown as Socket;
    const tracks = async () => (await navigator.mediaDevices.getUserMedia({ audio: true, video: true })).getTracks();
    window.specialist = new Participant({ socket, account, password, tracks, onTrack: show });
    await window.specialist.start();
};
