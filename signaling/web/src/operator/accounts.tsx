// SPDX-License-Identifier: Apache-2.0
// Accounts of one's institution and those below it: roles, disabling, ending sessions. Which roles go together is the
// server's to say; the page says it before.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { account } from '../app/session';
import { common } from '../text/common';
import { InstitutionChoice } from '../quality/institution';
import { Button, Dialog, Field, errorText, toast, useLoad } from '../ui/ui';
import type { Result } from '../wire/connection';
import { server } from '../wire/server';
import { fitting, ROLES, type Role } from './roles';
import { words } from './text';
import './operator.css';

type Account = Result<'account.list'>['accounts'][number];

async function loadAll(institutionId: string): Promise<Account[]> {
    const all: Account[] = [];
    let after: string | undefined;
    do {
        const reply: Result<'account.list'> = await server.call('account.list', { institutionId, ...(after ? { after } : {}) });
        all.push(...reply.accounts);
        after = reply.next;
    } while (after && all.length < 5000);
    return all;
}

function roleWords(role: Role): string {
    return role === 'service' ? words('role.service') : common(`role.${role}`);
}

function RolesDialog({ of, onDone, onClose }: { of: Account; onDone(): void; onClose(): void }): JSX.Element {
    const [roles, setRoles] = useState<Role[]>(of.roles);
    const wrong = fitting(roles);
    const save = async (): Promise<void> => {
        await server.call('account.setRoles', { accountId: of.id, roles });
        toast(words('rolesSet'), 'good');
        onDone();
    };
    return <>
        <fieldset class="choices"><legend>{words('rolesOf', { name: of.name })}</legend>{ROLES.map((r) => <label key={r}><input type="checkbox" checked={roles.includes(r)} onChange={() => setRoles(roles.includes(r) ? roles.filter((x) => x !== r) : [...roles, r])} />{roleWords(r)}</label>)}</fieldset>
        {wrong && <p class="note warn" role="alert">{words(`fit.${wrong}`)}</p>}
        <p class="muted">{words('rolesHint')}</p>
        <div class="buttons"><Button look="primary" disabled={wrong !== null} onClick={save}>{common('save')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </>;
}

type Asking = { what: 'roles' | 'disable' | 'revoke'; of: Account };

function Confirm({ asking, onDone, onClose }: { asking: Asking; onDone(): void; onClose(): void }): JSX.Element {
    const { what, of } = asking;
    const act = async (): Promise<void> => {
        await server.call(what === 'disable' ? 'account.disable' : 'account.revokeSessions', { accountId: of.id });
        toast(words(what === 'disable' ? 'disabledNow' : 'revokedNow', { name: of.name }), 'good');
        onDone();
    };
    return <><p>{words(what === 'disable' ? 'disableHint' : 'revokeHint', { name: of.name })}</p><div class="buttons"><Button look="danger" onClick={act}>{words(what === 'disable' ? 'disable' : 'revoke')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div></>;
}

function Row({ of: a, onAsk, onDone }: { of: Account; onAsk(asking: Asking): void; onDone(): void }): JSX.Element {
    const own = a.id === account.value?.id;
    const enable = async (): Promise<void> => {
        await server.call('account.enable', { accountId: a.id });
        toast(words('enabledNow', { name: a.name }), 'good');
        onDone();
    };
    return <tr><th scope="row">{a.name}<br /><small class="muted">{a.id}</small></th><td><span class="operator-tags">{a.roles.map((r) => <span key={r} class="tag">{roleWords(r)}</span>)}{a.disabled && <span class="tag urgent">{words('isDisabled')}</span>}</span></td>
        <td>{own ? <span class="muted">{words('ownAccount')}</span> : <span class="buttons operator-tight">
            <Button onClick={() => onAsk({ what: 'roles', of: a })} label={`${words('roles')} ${a.name}`}>{words('roles')}</Button>
            <Button look="quiet" onClick={() => onAsk({ what: 'revoke', of: a })} label={`${words('revoke')} ${a.name}`}>{words('revoke')}</Button>
            {a.disabled ? <Button look="quiet" onClick={enable} label={`${words('enable')} ${a.name}`}>{words('enable')}</Button> : <Button look="danger" onClick={() => onAsk({ what: 'disable', of: a })} label={`${words('disable')} ${a.name}`}>{words('disable')}</Button>}</span>}</td></tr>;
}

const SHOWN_MAX = 200;

export function Accounts(): JSX.Element {
    const [institution, setInstitution] = useState(account.value!.institution.id);
    const [text, setText] = useState('');
    const [asking, setAsking] = useState<Asking | null>(null);
    const load = useLoad(() => loadAll(institution), [institution]);
    const wanted = text.trim().toLowerCase();
    const found = (load.value ?? []).filter((a) => !wanted || `${a.name} ${a.id} ${a.roles.map(roleWords).join(' ')}`.toLowerCase().includes(wanted));
    const done = (): void => { setAsking(null); load.again(); };
    return <>
        <h1>{words('accounts')}</h1>
        <div class="operator-filters card"><InstitutionChoice value={institution} onChange={setInstitution} /><Field label={words('findAccount')}><input type="search" value={text} onInput={(e) => setText(e.currentTarget.value)} /></Field></div>
        {load.error ? <div class="note bad" role="alert">{errorText(load.error)} <Button look="quiet" onClick={load.again}>{common('retry')}</Button></div> : null}
        {load.value === undefined && !load.error ? <p role="status" class="muted">{common('loading')}</p> : <>
            <p role="status" class="muted">{words('accountsFound', { n: found.length })}{found.length > SHOWN_MAX ? words('narrowIt', { n: SHOWN_MAX }) : ''}</p>
            <div class="operator-scroll"><table class="operator-accounts"><caption class="sr">{words('accounts')}</caption><thead><tr><th scope="col">{words('name')}</th><th scope="col">{words('roles')}</th><th scope="col">{words('acts')}</th></tr></thead><tbody>{found.slice(0, SHOWN_MAX).map((a) => <Row key={a.id} of={a} onAsk={setAsking} onDone={load.again} />)}</tbody></table></div></>}
        <Dialog open={asking !== null} title={asking ? words(asking.what) : ''} onClose={() => setAsking(null)}>{asking && (asking.what === 'roles' ? <RolesDialog of={asking.of} onDone={done} onClose={() => setAsking(null)} /> : <Confirm asking={asking} onDone={done} onClose={() => setAsking(null)} />)}</Dialog>
    </>;
}
