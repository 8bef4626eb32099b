// SPDX-License-Identifier: Apache-2.0
// Cases in the states that the stops show, made on the wire. Patients and people are those of the demonstration.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { OPINION, until } from '../support.mjs';
import { REQUEST } from '../pages/world.mjs';

export const CONSENT = { share: true, signer: '演示患者', relation: 'self' };
export { OPINION, REQUEST };

/** What a consultation of the county's heart specialist is asked with; `more` is laid over it. */
export const heart = (more = {}) => ({ ...REQUEST, kind: 'live', panelId: 'pan_cardiology', consent: CONSENT, ...more });

/** Somebody of the panel is on duty, so that it rings. */
export async function onDuty(people, name = 'specialist', panelId = 'pan_cardiology') {
    await (await people.wire(name)).call('duty.set', { panelId, onDuty: true });
}

/** -> the consultation, submitted by `who`. */
export async function submit(people, who, params) {
    return (await (await people.wire(who)).call('consultation.submit', params)).consultation;
}

/** One call about a case in the name of `who`; -> the consultation where the answer has one. */
export async function act(people, who, method, params) {
    const result = await (await people.wire(who)).call(method, params);
    return result.consultation ?? result;
}

/** A case whose two sides have met and parted: the opinion is due. */
export async function ended(people, village, expert, params) {
    const c = await submit(people, village, params);
    await act(people, expert, 'consultation.accept', { id: c.id });
    await act(people, village, 'consultation.enter', { id: c.id });
    await act(people, expert, 'consultation.enter', { id: c.id });
    return act(people, expert, 'consultation.end', { id: c.id });
}

/** A case with a signed opinion; state `delivered`. */
export async function delivered(people, village, expert, params, opinion = OPINION) {
    const c = await ended(people, village, expert, params);
    await act(people, expert, 'opinion.sign', { consultationId: c.id, opinion: { followUpDays: 7, ...opinion } });
    return until(async () => {
        const now = await act(people, expert, 'consultation.get', { id: c.id });
        return now.state === 'delivered' ? now : undefined;
    }, 'the delivery of the opinion');
}

function https(method, url, headers, body) {
    return new Promise((resolve, reject) => {
        const sent = request(url, { method, headers, rejectUnauthorized: false }, (reply) => {
            let text = '';
            reply.on('data', (d) => (text += d));
            reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text }));
        });
        sent.on('error', reject);
        sent.end(body);
    });
}

/** A whole file to the case (tus); -> the material's id. type: photo, pdf, dicom, ecg, audio. */
export async function upload(people, who, consultation, type, file, filename, more = {}) {
    const bytes = readFileSync(file);
    const wire = await people.wire(who);
    const metadata = { type, consultation, filename, sha256: createHash('sha256').update(bytes).digest('hex'), ...more };
    const headers = { authorization: `Bearer ${wire.token}`, 'tus-resumable': '1.0.0' };
    const made = await https('POST', `${people.world.https}materials/`, { ...headers, 'upload-length': bytes.length, 'content-length': 0,
        'upload-metadata': Object.entries(metadata).map(([k, v]) => `${k} ${Buffer.from(v).toString('base64')}`).join(',') });
    if (made.status !== 201) throw new Error(`the upload of ${filename} was refused: ${made.status} ${made.text}`);
    const sent = await https('PATCH', new URL(made.headers.location, people.world.https), { ...headers, 'content-type': 'application/offset+octet-stream', 'upload-offset': 0, 'content-length': bytes.length }, bytes);
    if (sent.status !== 204) throw new Error(`the upload of ${filename} broke: ${sent.status} ${sent.text}`);
    return sent.headers['shanqiao-material'];
}
