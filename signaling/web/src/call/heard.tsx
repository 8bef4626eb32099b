// SPDX-License-Identifier: Apache-2.0
// How well both sides hear and see each other, in words, with the reason; each change is read out by a screen reader.
import type { JSX } from 'preact';
import { causeOf, causeHere, reasonOf, type Judged, type Level } from './quality';
import type { Seat } from './seat';
import type { Present } from './states';
import { words } from './text';
import type { Received } from './watch';

const SIGN: Record<Level, string> = { good: '●●●', fair: '●●○', poor: '●○○', none: '○○○' };

export function Bars({ level }: { level: Level }): JSX.Element {
    return <span class={`call-bars ${level}`} title={words(`level.${level}`)} aria-hidden="true">{SIGN[level]}</span>;
}

const low = (a: Level, b: Level): Level => (['none', 'poor', 'fair', 'good'] as const).find((l) => l === a || l === b)!;

const off = (of: Judged): boolean => of.level === 'none' && of.reason === 'off';

/** Of sound and picture together; what is not sent does not count. null: not judged yet, or nothing is sent. */
export function levelOf(received: Received | undefined): Level | null {
    if (!received) return null;
    const { audio, video } = received;
    if (off(audio)) return off(video) ? null : video.level;
    return off(video) ? audio.level : low(audio.level, video.level);
}

/** How they fare with what we send; null: not known yet, or nothing is sent. */
function theirLevel(seat: Seat, who: Present): Level | null {
    const heard = seat.watch.heardBy.value.get(who.id);
    const dark = !seat.cameraOn.value || seat.watch.rung.value === 'voice';
    if (!heard || (dark && seat.muted.value)) return null;
    return dark ? heard.audio : seat.muted.value ? heard.video : low(heard.audio, heard.video);
}

export function OfThem({ seat, who }: { seat: Seat; who: Present }): JSX.Element {
    const heard = seat.watch.heardBy.value.get(who.id);
    if (!heard) return <p class="call-words muted">{words('unknownYet', { name: who.name })}</p>;
    const dark = !seat.cameraOn.value || seat.watch.rung.value === 'voice';
    const muted = seat.muted.value;
    const said = { name: who.name, audio: words(`they.audio.${heard.audio}`), video: words(`they.video.${heard.video}`) };
    const text = words(muted && dark ? 'ownNone' : muted ? 'ownMuted' : dark ? 'ownDark' : 'theyHear', said);
    const cause = causeOf(heard.reason, seat.watch.limit.value);
    const told = (muted && dark) || (cause === 'why.off' && (muted || dark)) || (dark && heard.audio === 'good') ? null : cause;
    const level = theirLevel(seat, who);
    return <p class="call-words">{level && <Bars level={level} />} {text}{told && <span class="call-why"> {words(told)}</span>}</p>;
}

export function OfUs({ seat, who }: { seat: Seat; who: Present }): JSX.Element | null {
    const received = seat.watch.received.value.get(who.id);
    if (!received) return null;
    const { audio, video } = received;
    const level = levelOf(received);
    const said = { name: who.name, audio: words(`you.audio.${audio.level}`, { name: who.name }), video: words(off(video) ? 'you.video.off' : `you.video.${video.level}`) };
    const reason = off(audio) ? video.reason : off(video) ? audio.reason : reasonOf(audio, video);
    const cause = reason === 'off' ? null : causeHere(reason, seat.watch.heardBy.value.get(who.id)?.own);
    return <p class="call-words">{level && <Bars level={level} />} {words(off(audio) ? (off(video) ? 'youNone' : 'youMuted') : 'youHear', said)}{cause && <span class="call-why"> {words(cause)}</span>}</p>;
}

/** Of several only who does not hear or see well is named; the rest stands with each in the list of people. */
function Several({ seat, others, observer }: { seat: Seat; others: Present[]; observer: boolean }): JSX.Element {
    const judged = others.filter((who) => seat.watch.received.value.has(who.id));
    const worse = others.map((who) => {
        const them = !observer && (theirLevel(seat, who) ?? 'good') !== 'good';
        const us = (levelOf(seat.watch.received.value.get(who.id)) ?? 'good') !== 'good';
        return (them || us) && <div key={who.id}>{them && <OfThem seat={seat} who={who} />}{us && <OfUs seat={seat} who={who} />}</div>;
    }).filter(Boolean);
    if (worse.length) return <>{worse}</>;
    return judged.length ? <p class="call-words"><Bars level="good" /> {words(observer ? 'allGoodHere' : 'allGood')}</p> : <></>;
}

export function QualityWords({ seat, others, observer }: { seat: Seat; others: Present[]; observer: boolean }): JSX.Element {
    const rung = seat.watch.rung.value;
    const own = seat.watch.wish.value === 'voice';
    const [one] = others;
    return <div class="call-quality" role="status" aria-live="polite" aria-label={words('quality')} tabIndex={0}>
        {!observer && rung !== 'full' && <p class="call-words warn"><strong>{words(rung === 'voice' && own ? 'rung.voiceOwn' : `rung.${rung}`)}</strong></p>}
        {one && others.length === 1 ? <div>{!observer && <OfThem seat={seat} who={one} />}<OfUs seat={seat} who={one} /></div> : <Several seat={seat} others={others} observer={observer} />}
    </div>;
}
