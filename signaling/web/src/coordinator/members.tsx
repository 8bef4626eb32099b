// SPDX-License-Identifier: Apache-2.0
// Who is added to a case or taken out of it: from the panels that the coordinator keeps.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { OVER, remember } from '../case/case';
import { useKept } from '../keep/kept';
import { common } from '../text/common';
import { Button, Choices, Dialog, Field, Loaded, useLoad } from '../ui/ui';
import type { Consultation, MemberRole } from '../wire/protocol';
import { server } from '../wire/server';
import { carryOut } from './acts';
import { loadOwnPanels } from './panelnames';
import { words } from './text';

const GONE: ReadonlySet<string> = new Set(['removed', 'refused', 'stopped']);

async function loadPeople(panelId: string): Promise<{ id: string; name: string; onDuty: boolean; reachable: boolean }[]> {
    if (!panelId) return [];
    return (await server.call('directory.presence', { panelId })).members.map((m) => ({ ...m.account, onDuty: m.onDuty, reachable: m.reachable }));
}

const SOUGHT: ReadonlySet<Consultation['state']> = new Set(['approved', 'triaged', 'routed']);

/** As what somebody may come in now (signaling/consult/step_members.c). */
function rolesOf(c: Consultation): MemberRole[] {
    const asked: MemberRole[] = SOUGHT.has(c.state) || c.kind === 'mdt' ? ['expert'] : [];
    return [...asked, ...(c.kind === 'mdt' ? ['chair' as const] : []), 'observer'];
}

function AddDialog({ consultation: c, onClose }: { consultation: Consultation; onClose(): void }): JSX.Element {
    const panels = useLoad(loadOwnPanels, []);
    const [panelId, setPanel] = useState('');
    const [accountId, setAccount] = useState('');
    const roles = rolesOf(c);
    const [role, setRole] = useState<MemberRole>(roles[0]!);
    const people = useLoad(() => loadPeople(panelId), [panelId]);
    const known = new Set((c.members ?? []).filter((m) => !GONE.has(m.ring)).map((m) => m.account.id));
    const add = async (): Promise<void> => {
        await carryOut('consultation.addMember', { id: c.id, accountId: accountId.trim(), role }, words('memberAdded'));
        onClose();
    };
    const choose = (to: MemberRole): void => { setRole(to); setPanel(''); setAccount(''); };
    return <>
        <Choices label={words('role')} value={role} options={roles.map((r) => [r, words(`role.${r}`)])} onChange={choose} />
        {role === 'observer' ? <p class="note">{words('observerHint')}</p> : <><Loaded of={panels}>{(all) => <Field label={words('panel')}><select value={panelId} onChange={(e) => { setPanel(e.currentTarget.value); setAccount(''); }}><option value="">{words('choose')}</option>{all.map((p) => <option key={p.id} value={p.id}>{p.name}</option>)}</select></Field>}</Loaded>
        <Field label={words('person')}><select value={accountId} onChange={(e) => setAccount(e.currentTarget.value)} disabled={!people.value?.length}><option value="">{words('choose')}</option>
            {people.value?.filter((p) => !known.has(p.id)).map((p) => <option key={p.id} value={p.id}>{`${p.name} · ${words(p.onDuty ? 'onDuty' : p.reachable ? 'signedIn' : 'notSignedIn')}`}</option>)}</select></Field></>}
        <Field label={words(role === 'observer' ? 'traineeId' : 'personId')} hint={words(role === 'observer' ? 'traineeIdHint' : 'personIdHint')}><input maxLength={39} value={accountId} onInput={(e) => setAccount(e.currentTarget.value)} /></Field>
        <div class="buttons"><Button look="primary" disabled={!accountId.trim()} onClick={add}>{words('add')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </>;
}

function RemoveDialog({ consultation: c, onClose }: { consultation: Consultation; onClose(): void }): JSX.Element {
    const { value: { accountId, reason }, ready, set, forget } = useKept(`form/remove/${c.id}`, { accountId: '', reason: '' });
    const remove = async (): Promise<void> => {
        await carryOut('consultation.removeMember', { id: c.id, accountId, ...(reason.trim() ? { reason: reason.trim() } : {}) }, words('memberRemoved'));
        await forget();
        onClose();
    };
    if (!ready) return <p role="status" class="muted">{common('loading')}</p>;
    return <>
        <Field label={words('person')}><select value={accountId} onChange={(e) => set({ accountId: e.currentTarget.value })}><option value="">{words('choose')}</option>{(c.members ?? []).filter((m) => m.ring !== 'removed').map((m) => <option key={m.account.id} value={m.account.id}>{m.account.name}</option>)}</select></Field>
        <Field label={words('reason')} hint={words('optional')}><input maxLength={500} value={reason} onInput={(e) => set({ reason: e.currentTarget.value })} /></Field>
        <div class="buttons"><Button look="danger" disabled={!accountId} onClick={remove}>{words('remove')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </>;
}

export function Members({ consultation: c }: { consultation: Consultation }): JSX.Element | null {
    const [open, setOpen] = useState<'add' | 'remove' | null>(null);
    const close = (): void => setOpen(null);
    const ask = async (what: 'add' | 'remove'): Promise<void> => { // who came in since is not told to coordinators
        remember((await server.call('consultation.get', { id: c.id })).consultation);
        setOpen(what);
    };
    if (OVER.has(c.state)) return null;
    return <div class="buttons">
        <Button onClick={() => ask('add')}>{words('addMember')}</Button>
        {c.members?.some((m) => m.ring !== 'removed') && <Button look="quiet" onClick={() => ask('remove')}>{words('removeMember')}</Button>}
        <Dialog open={open === 'add'} title={words('addMember')} onClose={close}><AddDialog consultation={c} onClose={close} /></Dialog>
        <Dialog open={open === 'remove'} title={words('removeMember')} onClose={close}><RemoveDialog consultation={c} onClose={close} /></Dialog>
    </div>;
}
