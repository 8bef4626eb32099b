// SPDX-License-Identifier: Apache-2.0
// Tells the village doctor, on whatever page, that a case of theirs moved: in words, with a tone, and as a desktop
// notification without anything of the patient. Fetches the parts of the pages while the network is there, for when it
// is not.
import { place } from '../app/router';
import { account } from '../app/session';
import { loadSpecialties, nextWords } from '../case/case';
import { remember } from '../case/live';
import { onOutboxDone } from '../outbox/start';
import { toast } from '../ui/ui';
import type { Consultation } from '../wire/protocol';
import { server } from '../wire/server';
import { fetchConsentText } from './consenttext';
import { fetchPanels } from './panels';
import { words } from './text';

const LOUD: Partial<Record<Consultation['state'], 'good' | 'warn'>> = { accepted: 'good', delivered: 'good', returned: 'warn', refused: 'warn', expired: 'warn', no_show: 'warn', cancelled: 'warn' };
const states = new Map<string, string>();

function tone(): void {
    try {
        const context = new AudioContext();
        const gain = context.createGain();
        gain.connect(context.destination);
        gain.gain.value = 0.2;
        [660, 880].forEach((hz, i) => {
            const o = context.createOscillator();
            o.frequency.value = hz;
            o.connect(gain);
            o.start(context.currentTime + i * 0.25);
            o.stop(context.currentTime + i * 0.25 + 0.2);
        });
        setTimeout(() => void context.close(), 1500);
    } catch { /* a machine without sound still shows the words */ }
}

/** A reading that the specialist turned into a call. */
function ringOf(c: Consultation): void {
    if (c.applicant.id !== account.value?.id) return;
    if (place.value.path !== 'call') tone();
    toast(words('calledIn', { name: c.specialist?.name ?? c.panel.name }), 'warn');
}

function tellOf(c: Consultation, by: string): void {
    const look = LOUD[c.state];
    const before = states.get(c.id);
    states.set(c.id, c.state);
    if (!look || before === c.state || by === account.value?.id || c.applicant.id !== account.value?.id) return;
    if (place.value.path !== 'call') tone(); // speech first
    toast(nextWords(c), look);
    if (document.hidden && 'Notification' in window && Notification.permission === 'granted') new Notification(nextWords(c), { tag: c.id });
}

/** What the outbox got back is what a case is now. */
function takeResult(_: unknown, result: unknown): void {
    const c = (result as { consultation?: Consultation } | undefined)?.consultation;
    if (c) remember(c);
}

function fetchParts(): void {
    const parts = [() => import('./home'), () => import('./form'), () => import('./sent'), () => import('./casepage'), () => import('./cases'), () => import('./opinionpage'), () => import('./followup'), () => import('./consent'), () => import('../outbox/view'), () => import('../outbox/upload')];
    const next = (i: number): void => void parts[i]?.().then(() => next(i + 1), () => undefined);
    next(0);
    fetchPanels().then(fetchConsentText).then(loadSpecialties).catch(() => undefined); // asked again when they are needed
}

server.on('consultation.state', ({ consultation, by }) => tellOf(consultation, by));
server.on('consultation.ring', ({ consultation }) => ringOf(consultation));
onOutboxDone.add(takeResult);
setTimeout(fetchParts, 3000);
