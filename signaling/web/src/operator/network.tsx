// SPDX-License-Identifier: Apache-2.0
// What runs and what does not: who can't speak now, relays with load and quality, their links, nodes. Looked at every
// few seconds. Nothing of a patient or a case is here.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { spanWords } from '../case/case';
import { when } from '../text/text';
import { Button, Dialog, Loaded, errorText, toast, useLoad } from '../ui/ui';
import { server } from '../wire/server';
import { AddRelay } from './add_relay';
import { RelayHistory } from './history';
import { NetworkMap } from './map';
import { branchesOf, twigsOf, unableOf, type Branch, type Link, type Named, type Overview, type Relay, type Twig, type Unable } from './overview';
import { words } from './text';
import './operator.css';

const AGAIN_MS = 5000;

function useOverview(): ReturnType<typeof useLoad<Overview>> {
    const load = useLoad(() => server.call('operator.overview', {}), []);
    const again = useRef(load.again);
    again.current = load.again;
    useEffect(() => {
        const clock = setInterval(() => { if (!document.hidden && server.state.value === 'ready') again.current(); }, AGAIN_MS);
        return () => clearInterval(clock);
    }, []);
    return load;
}

function Since({ since, at }: { since: string | undefined; at: string }): JSX.Element {
    return since ? <span title={when(since)}>{words('forSpan', { span: spanWords(Date.parse(at) - Date.parse(since)) })}</span> : <span>{words('sinceUnknown')}</span>;
}

/** `up`: there is a relay that a new call could use. */
function UnableList({ all, at, up }: { all: Named<Unable>[]; at: string; up: boolean }): JSX.Element {
    const inCall = all.filter((u) => u.of.reason !== 'offline'), offline = all.filter((u) => u.of.reason === 'offline');
    const row = (u: Named<Unable>): JSX.Element => <li key={`${u.of.institutionId}/${u.of.reason}`} class={u.of.reason === 'offline' ? '' : 'operator-bad'}>
        <strong>{u.name}</strong>{u.level !== undefined && <span class="tag">{words(`level.${u.level as 1}`)}</span>}<span>{words(`reason.${u.of.reason}`)}</span><Since since={u.of.since} at={at} />
        {u.of.people > 1 && <span class="muted">{words('people', { n: u.of.people })}</span>}{u.of.relayId && <span class="muted">{words('over', { relay: u.of.relayId })}</span>}<span class="operator-hint muted">{words(`hint.${u.of.reason}`)}</span></li>;
    return <section class="card" aria-label={words('unable')}><h2>{words('unable')}</h2>
        {!up && <p class="note bad" role="alert">{words('noRelayUp')}</p>}
        <div role="status">{inCall.length === 0 ? up && <p class="note good">{words('allSpeak')}</p> : <ul class="operator-list">{inCall.map(row)}</ul>}</div>
        {offline.length > 0 && <details><summary>{words('offlineCount', { n: offline.length })}</summary><ul class="operator-list">{offline.map(row)}</ul></details>}</section>;
}

function Meter({ load }: { load: number }): JSX.Element {
    const percent = Math.round(load * 100);
    return <span class="operator-meter"><span class={`operator-fill ${load > 0.8 ? 'high' : load > 0.6 ? 'mid' : ''}`} style={{ width: `${Math.min(100, percent)}%` }} /><span class="operator-percent">{percent} %{load > 0.8 ? ` · ${words('loadHigh')}` : ''}</span></span>;
}

function LinkRow({ link }: { link: Named<Link> }): JSX.Element {
    const l = link.of;
    return <li><span class={`tag operator-q ${l.quality}`}>{words(`quality.${l.quality}`)}</span><strong>{link.name}</strong><span class="muted">{words('people', { n: l.people })}{l.quality !== 'none' && ` · ${l.kbps} kbit/s · ${words('loss', { up: l.lossUpPercent, down: l.lossDownPercent })} · ${l.rttMs} ms`}</span></li>;
}

function RelayCard({ branch, at, onChange, onHistory }: { branch: Branch; at: string; onChange(): void; onHistory(id: string): void }): JSX.Element {
    const { relay: r, links } = branch;
    const [asking, setAsking] = useState<'drain' | 'remove' | null>(null);
    const drain = async (to: boolean): Promise<void> => {
        await server.call('operator.drain', { relayId: r.id, drain: to });
        toast(words(to ? 'drained' : 'undrained', { relay: r.id }), 'good');
        setAsking(null);
        setTimeout(onChange, 1500); // the sweep brings relays to what was decided
    };
    const remove = async (): Promise<void> => {
        await server.call('operator.removeRelay', { relayId: r.id });
        toast(words('removed', { relay: r.id }), 'good');
        setAsking(null);
        setTimeout(onChange, 2500);
    };
    return <li class="card operator-relay"><header><h3>{r.id}</h3>{r.level && <span class="tag">{words(`site.${r.level}`)}</span>}<span class={`tag ${r.state === 'up' ? 'good' : 'emergency'}`}>{words(`state.${r.state}`)}</span>{r.drained && <span class="tag urgent">{words('isDrained')}</span>}{r.added && <span class="tag">{words('isAdded')}</span>}</header>
        {r.state === 'silent' && <p class="note bad"><Since since={r.silentSince} at={at} /> {words('silentHint')}</p>}
        {r.state === 'never' && <p class="note warn">{words('neverHint')}</p>}
        {r.state === 'up' && <dl class="facts"><dt>{words('load')}</dt><dd><Meter load={r.load} /></dd><dt>{words('rooms')}</dt><dd>{words('roomsAre', { rooms: r.rooms, transports: r.transports, workers: r.workers })}</dd><dt>{words('traffic')}</dt><dd>{r.people ? `${words('people', { n: r.people })} · ${r.kbps} kbit/s · ${words('lossOne', { n: r.lossPercent })} · ${r.rttMs} ms` : words('nobodySpeaks')}</dd></dl>}
        {links.length > 0 && <details open={branch.worst === 'poor' || branch.worst === 'none'}><summary>{words('links', { n: links.length })}</summary><ul class="operator-links">{links.map((l) => <LinkRow key={l.of.institutionId} link={l} />)}</ul></details>}
        <div class="buttons">
            <Button onClick={() => onHistory(r.id)}>{words('history')}</Button>
            {r.drained ? <Button onClick={() => drain(false)}>{words('undrain')}</Button> : <Button onClick={() => setAsking('drain')}>{words('drain')}</Button>}
            {r.added && <Button look="danger" onClick={() => setAsking('remove')}>{words('remove')}</Button>}
        </div>
        <Dialog open={asking === 'drain'} title={words('drainAsk', { relay: r.id })} onClose={() => setAsking(null)}><p>{words('drainHint', { rooms: r.rooms })}</p><div class="buttons"><Button look="primary" onClick={() => drain(true)}>{words('drain')}</Button><Button onClick={() => setAsking(null)}>{words('leaveIt')}</Button></div></Dialog>
        <Dialog open={asking === 'remove'} title={words('removeAsk', { relay: r.id })} onClose={() => setAsking(null)}><p>{words('removeHint')}</p><div class="buttons"><Button look="danger" onClick={remove}>{words('remove')}</Button><Button onClick={() => setAsking(null)}>{words('leaveIt')}</Button></div></Dialog>
    </li>;
}

function TwigRow({ twig }: { twig: Twig }): JSX.Element {
    const p = twig.place;
    return <li><span class="operator-twig"><strong>{p.name}</strong><span class="tag">{words(`level.${p.level as 1}`)}</span>
        {(p.online > 0 || p.lastSeen) && <span class={`tag ${p.online ? 'good' : ''}`}>{p.online ? words('online', { n: p.online }) : words('nobodyOnline')}</span>}{p.inCall > 0 && <span class="tag good">{words('inCall', { n: p.inCall })}</span>}{!p.online && p.lastSeen && <span class="muted">{words('lastSeen', { time: when(p.lastSeen) })}</span>}</span>
        {twig.below.length > 0 && <ul>{twig.below.map((t) => <TwigRow key={t.place.id} twig={t} />)}</ul>}</li>;
}

function Whole({ o, again }: { o: Overview; again(): void }): JSX.Element {
    const [history, setHistory] = useState<string | null>(null);
    const [adding, setAdding] = useState(false);
    return <>
        <UnableList all={unableOf(o)} at={o.at} up={o.relays.some((r) => r.state === 'up')} />
        {o.refusedFrames > 0 && <p class="note warn">{words('refusedFrames', { n: o.refusedFrames })}</p>}
        <section aria-label={words('relays')}><div class="operator-head"><h2>{words('relays')}</h2><Button look="primary" onClick={() => setAdding(true)}>{words('addRelay')}</Button></div>
            <p class="muted">{words('nodes')}: {o.nodes.map((n) => `${n.id}${n.fresh ? '' : ` (${words('nodeStale')})`}`).join(', ')}</p>
            {o.relays.length === 0 ? <p class="note bad">{words('noRelays')}</p> : <ul class="operator-relays">{branchesOf(o).map((b) => <RelayCard key={b.relay.id} branch={b} at={o.at} onChange={again} onHistory={setHistory} />)}</ul>}
        </section>
        <section class="card"><h2>{words('institutions')}</h2>{o.institutions.length === 0 ? <p class="muted">{words('nobodyYet')}</p> : <div class="operator-both"><NetworkMap overview={o} /><ul class="operator-tree">{twigsOf(o.institutions).map((t) => <TwigRow key={t.place.id} twig={t} />)}</ul></div>}{o.more && <p class="muted">{words('moreInstitutions')}</p>}</section>
        <Dialog open={history !== null} title={words('historyOf', { relay: history ?? '' })} onClose={() => setHistory(null)}>{history && <RelayHistory relayId={history} />}<div class="buttons"><Button onClick={() => setHistory(null)}>{words('close')}</Button></div></Dialog>
        <Dialog open={adding} title={words('addRelay')} onClose={() => setAdding(false)}><AddRelay onClose={() => { setAdding(false); again(); }} /></Dialog>
    </>;
}

export function Network(): JSX.Element {
    const load = useOverview();
    return <>
        <h1>{words('network')} {load.value && <small class="muted">{words('asOf', { time: when(load.value.at) })}</small>}</h1>
        {load.error !== undefined && load.value && <p class="note warn" role="status">{errorText(load.error)} {words('olderShown')}</p>}
        <Loaded of={load}>{(o) => <Whole o={o} again={load.again} />}</Loaded>
    </>;
}
