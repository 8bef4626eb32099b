// SPDX-License-Identifier: Apache-2.0
// How well both sides hear and see each other, in words, with the reason; each change is read out by a screen reader.
import type { JSX } from 'preact';
import { causeOf, causeHere, reasonOf, worse, type Judged, type Level } from './quality';
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

/** `first`: of several lines the one that stands where there is room for one; the others stand in the list of people. */
interface LineProps { seat: Seat; who: Present; first?: boolean }
const Rest = ({ of }: { of: boolean | undefined }): JSX.Element | null => (of ? <span class="call-also"> {words('qualityRest')}</span> : null);

export function OfThem({ seat, who, first }: LineProps): JSX.Element {
    const heard = seat.watch.heardBy.value.get(who.id);
    if (!heard) return <p class={`call-words muted ${first ? 'first' : ''}`}>{words('unknownYet', { name: who.name })}</p>;
    const dark = !seat.cameraOn.value || seat.watch.rung.value === 'voice';
    const muted = seat.muted.value;
    const said = { name: who.name, audio: words(`they.audio.${heard.audio}`), video: words(`they.video.${heard.video}`) };
    const text = words(muted && dark ? 'ownNone' : muted ? 'ownMuted' : dark ? 'ownDark' : 'theyHear', said);
    const cause = causeOf(heard.reason, seat.watch.limit.value);
    const told = (muted && dark) || (cause === 'why.off' && (muted || dark)) || (dark && heard.audio === 'good') ? null : cause;
    const level = theirLevel(seat, who);
    return <p class={`call-words ${first ? 'first' : ''}`}>{level && <Bars level={level} />} {text}{told && <span class="call-why"> {words(told)}</span>}<Rest of={first} /></p>;
}

export function OfUs({ seat, who, first }: LineProps): JSX.Element | null {
    const received = seat.watch.received.value.get(who.id);
    if (!received) return null;
    const { audio, video } = received;
    const level = levelOf(received);
    const said = { name: who.name, audio: words(`you.audio.${audio.level}`, { name: who.name }), video: words(off(video) ? 'you.video.off' : `you.video.${video.level}`) };
    const reason = off(audio) ? video.reason : off(video) ? audio.reason : reasonOf(audio, video);
    const cause = reason === 'off' ? null : causeHere(reason, seat.watch.heardBy.value.get(who.id)?.own);
    return <p class={`call-words ${first ? 'first' : ''}`}>{level && <Bars level={level} />} {words(off(audio) ? (off(video) ? 'youNone' : 'youMuted') : 'youHear', said)}{cause && <span class="call-why"> {words(cause)}</span>}<Rest of={first} /></p>;
}

interface Line { who: Present; of: 'them' | 'us'; level: Level | null }

/** What is to be said of each: of one person all, of several only who does not hear or see well. */
function linesOf(seat: Seat, others: Present[], observer: boolean): Line[] {
    const all = others.flatMap((who): Line[] => [
        ...(observer ? [] : [{ who, of: 'them', level: theirLevel(seat, who) } as const]),
        ...(seat.watch.received.value.has(who.id) ? [{ who, of: 'us', level: levelOf(seat.watch.received.value.get(who.id)) } as const] : [])]);
    return others.length === 1 ? all : all.filter((line) => (line.level ?? 'good') !== 'good');
}

const worst = (lines: Line[]): Line | undefined => lines.reduce<Line | undefined>((least, line) => (least && !worse(line.level ?? 'good', least.level ?? 'good') ? least : line), undefined);

export function QualityWords({ seat, others, observer }: { seat: Seat; others: Present[]; observer: boolean }): JSX.Element {
    const rung = observer ? 'full' : seat.watch.rung.value;
    const own = seat.watch.wish.value === 'voice';
    const lines = linesOf(seat, others, observer);
    const first = rung === 'full' ? worst(lines) : undefined;
    const several = lines.length + (rung === 'full' ? 0 : 1) > 1;
    const judged = others.length > 1 && others.some((who) => seat.watch.received.value.has(who.id));
    return <div class={`call-quality ${several ? 'several' : ''} ${others.length > 1 ? 'many' : ''}`} role="status" aria-live="polite" aria-label={words('quality')}>
        {rung !== 'full' && <p class="call-words warn first"><strong>{words(rung === 'voice' && own ? 'rung.voiceOwn' : `rung.${rung}`)}</strong><Rest of={several} /></p>}
        {lines.length > 0 && <div>{lines.map((line) => {
            const Said = line.of === 'them' ? OfThem : OfUs;
            return <Said key={`${line.who.id} ${line.of}`} seat={seat} who={line.who} first={line === first} />;
        })}</div>}
        {!lines.length && judged && <p class="call-words first"><Bars level="good" /> {words(observer ? 'allGoodHere' : 'allGood')}</p>}
    </div>;
}
