// SPDX-License-Identifier: Apache-2.0
// A relay is taken into use: what to do on the machine, its addresses, and then whether its sealed heartbeats come. It
// is heard or not: that is the check, since it needs address, way, key and id to be right.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, Field } from '../ui/ui';
import { server } from '../wire/server';
import { addressOf, type Overview } from './overview';
import { words } from './text';

type Level = NonNullable<Overview['relays'][number]['level']>;
const LEVELS: Level[] = ['township', 'county', 'city', 'province'];
const PATIENCE_MS = 20_000;
const LOOK_MS = 1000;
const COMMANDS_PORT = 7400, HEARTBEATS_PORT = 7401;

type Heard = 'asking' | 'up' | 'nothing' | 'refused';

/** Looks until the relay is heard, or patience ends; frames that were refused meanwhile tell of a wrong key or id. */
function useHeard(id: string | null): Heard {
    const [heard, setHeard] = useState<Heard>('asking');
    const first = useRef<number | null>(null);
    useEffect(() => {
        if (!id) return;
        const began = Date.now();
        setHeard('asking');
        first.current = null;
        const timer = setInterval(() => {
            server.call('operator.overview', {}).then((o) => {
                first.current ??= o.refusedFrames;
                const up = o.relays.some((r) => r.id === id && r.state === 'up');
                const over = Date.now() - began > PATIENCE_MS;
                if (up) setHeard('up');
                else if (over) setHeard(o.refusedFrames > first.current ? 'refused' : 'nothing');
                if (up || over) clearInterval(timer);
            }, () => undefined);
        }, LOOK_MS);
        return () => clearInterval(timer);
    }, [id]);
    return heard;
}

function Steps({ id, level, commands, heartbeats }: { id: string; level: Level; commands: string; heartbeats: string }): JSX.Element {
    const port = (address: string | null): string => address?.split(':').at(-1) ?? '';
    const file = `relay:\n  id: ${id || 'county-2'}\n  level: ${level}\n  announce: [${words('publicAddress')}]\ncluster:\n  commands: tcp://*:${port(addressOf(commands, COMMANDS_PORT)) || COMMANDS_PORT}\n  heartbeats: tcp://*:${port(addressOf(heartbeats, HEARTBEATS_PORT)) || HEARTBEATS_PORT}\n  key_file: /etc/shanqiao/cluster.keys\n`;
    return <ol class="operator-steps">
        <li>{words('step.install')}</li><li>{words('step.key')}</li>
        <li>{words('step.file')}<pre tabIndex={0}>{file}</pre></li><li>{words('step.ports')}</li><li>{words('step.start')}<pre tabIndex={0}>shanqiao-relay --config /etc/shanqiao/relay.yaml</pre></li>
    </ol>;
}

function Waiting({ id, onClose, onChange }: { id: string; onClose(): void; onChange(): void }): JSX.Element {
    const heard = useHeard(id);
    return <>
        <p role="status" class={`note ${heard === 'up' ? 'good' : heard === 'asking' ? '' : 'bad'}`}>{words(`heard.${heard}`, { relay: id })}</p>
        {(heard === 'nothing' || heard === 'refused') && <ul>{(heard === 'refused' ? ['key', 'id', 'clock'] as const : ['runs', 'address', 'firewall', 'key'] as const).map((w) => <li key={w}>{words(`look.${w}`)}</li>)}</ul>}
        <div class="buttons"><Button look={heard === 'up' ? 'primary' : 'quiet'} onClick={onClose}>{words('close')}</Button>{heard !== 'up' && heard !== 'asking' && <Button onClick={onChange}>{words('changeAddresses')}</Button>}</div>
    </>;
}

export function AddRelay({ onClose }: { onClose(): void }): JSX.Element {
    const [form, setForm] = useState({ id: '', host: '', commands: '', heartbeats: '', level: 'county' as Level });
    const [added, setAdded] = useState<string | null>(null);
    const set = (part: Partial<typeof form>): void => setForm((f) => ({ ...f, ...part }));
    const commands = form.commands || form.host, heartbeats = form.heartbeats || form.host;
    const wire = { commands: addressOf(commands, COMMANDS_PORT), heartbeats: addressOf(heartbeats, HEARTBEATS_PORT) };
    const goodId = /^[A-Za-z0-9_-]{1,39}$/.test(form.id);
    const add = async (): Promise<void> => {
        await server.call('operator.addRelay', { id: form.id, commands: wire.commands!, heartbeats: wire.heartbeats!, level: form.level });
        setAdded(form.id);
    };
    if (added) return <Waiting id={added} onClose={onClose} onChange={() => setAdded(null)} />;
    return <>
        <Field label={words('relayId')} hint={words('relayIdHint')} wrong={form.id && !goodId ? words('badId') : undefined}><input maxLength={39} value={form.id} onInput={(e) => set({ id: e.currentTarget.value.trim() })} /></Field>
        <Field label={words('host')} hint={words('hostHint')} wrong={commands && !wire.commands ? words('badAddress') : undefined}><input maxLength={80} value={form.host} onInput={(e) => set({ host: e.currentTarget.value.trim() })} /></Field>
        <Field label={words('siteLevel')}><select value={form.level} onChange={(e) => set({ level: e.currentTarget.value as Level })}>{LEVELS.map((l) => <option key={l} value={l}>{words(`site.${l}`)}</option>)}</select></Field>
        <details><summary>{words('ports')}</summary>
            <Field label={words('commandsAddress')}><input maxLength={95} placeholder={wire.commands ?? ''} value={form.commands} onInput={(e) => set({ commands: e.currentTarget.value.trim() })} /></Field>
            <Field label={words('heartbeatsAddress')}><input maxLength={95} placeholder={wire.heartbeats ?? ''} value={form.heartbeats} onInput={(e) => set({ heartbeats: e.currentTarget.value.trim() })} /></Field></details>
        <h3>{words('onTheNode')}</h3>
        <Steps id={form.id} level={form.level} commands={commands} heartbeats={heartbeats} />
        <div class="buttons"><Button look="primary" disabled={!goodId || !wire.commands || !wire.heartbeats} onClick={add}>{words('addAndCheck')}</Button><Button onClick={onClose}>{words('leaveIt')}</Button></div>
    </>;
}
