// SPDX-License-Identifier: Apache-2.0
// How well both sides hear and see each other, in words, with the reason; each change is read out by a screen reader.
import type { JSX } from 'preact';
import { causeOf, reasonOf, type Level } from './quality';
import type { Seat } from './seat';
import type { Present } from './states';
import { words } from './text';

const SIGN: Record<Level, string> = { good: '●●●', fair: '●●○', poor: '●○○', none: '○○○' };

function Bars({ level }: { level: Level }): JSX.Element {
    return <span class={`call-bars ${level}`} title={words(`level.${level}`)} aria-hidden="true">{SIGN[level]}</span>;
}

const low = (a: Level, b: Level): Level => (['none', 'poor', 'fair', 'good'] as const).find((l) => l === a || l === b)!;

function OfThem({ seat, who }: { seat: Seat; who: Present }): JSX.Element {
    const heard = seat.watch.heardBy.value.get(who.id);
    if (!heard) return <p class="call-words muted">{words('unknownYet', { name: who.name })}</p>;
    const dark = !seat.cameraOn.value || seat.watch.rung.value === 'voice';
    const muted = seat.muted.value;
    const said = { name: who.name, audio: words(`they.audio.${heard.audio}`), video: words(`they.video.${heard.video}`) };
    const text = words(muted && dark ? 'ownNone' : muted ? 'ownMuted' : dark ? 'ownDark' : 'theyHear', said);
    const cause = causeOf(heard.reason, seat.watch.limit.value);
    const told = (muted && dark) || (cause === 'why.off' && (muted || dark)) || (dark && heard.audio === 'good') ? null : cause;
    return <p class="call-words">{!(muted && dark) && <Bars level={dark ? heard.audio : muted ? heard.video : low(heard.audio, heard.video)} />} {text}{told && <span class="call-why"> {words(told)}</span>}</p>;
}

function OfUs({ seat, who }: { seat: Seat; who: Present }): JSX.Element | null {
    const received = seat.watch.received.value.get(who.id);
    if (!received) return null;
    const { audio, video } = received;
    const cause = causeOf(reasonOf(audio, video), 'none');
    return <p class="call-words"><Bars level={video.level === 'none' && video.reason === 'off' ? audio.level : low(audio.level, video.level)} /> {words('youHear', { audio: words(`you.audio.${audio.level}`, { name: who.name }), video: words(`you.video.${video.level}`) })}{cause && <span class="call-why"> {words(cause)}</span>}</p>;
}

export function QualityWords({ seat, others, observer }: { seat: Seat; others: Present[]; observer: boolean }): JSX.Element {
    const rung = seat.watch.rung.value;
    const own = seat.watch.wish.value === 'voice';
    return <div class="call-quality" role="status" aria-live="polite" aria-label={words('quality')}>
        {!observer && rung !== 'full' && <p class="call-words warn"><strong>{words(rung === 'voice' && own ? 'rung.voiceOwn' : `rung.${rung}`)}</strong></p>}
        {others.map((who) => <div key={who.id}>{!observer && <OfThem seat={seat} who={who} />}<OfUs seat={seat} who={who} /></div>)}
    </div>;
}
