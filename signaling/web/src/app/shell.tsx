// SPDX-License-Identifier: Apache-2.0
// What is around every page: menu by role, state of the connection, language, lock, sign-out.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { chooseLanguage, language } from '../text/text';
import { common } from '../text/common';
import { Button, Field, Toasts, errorText } from '../ui/ui';
import { Refusal } from '../wire/connection';
import { server } from '../wire/server';
import { pages } from './pages';
import { lazy } from './lazy';
import { go, place } from './router';
import { newer, renew } from './renew';
import { running } from './running';
import { account, locked, restore, signIn, signOut, unlock } from './session';
import { words } from './text';
import { Attend } from '../specialist/attend';

const CallDock = lazy(() => import('../call/dock').then((m) => m.CallDock));

const SIZES = [18, 22, 26, 30];
const SIZE = 'shanqiao.textSize';

function applySize(px: number): void {
    document.documentElement.style.setProperty('--text', `${px}px`);
    localStorage.setItem(SIZE, String(px));
}

function SignIn(): JSX.Element {
    const [name, setName] = useState('');
    const [password, setPassword] = useState('');
    const [error, setError] = useState<unknown>(null);
    const [busy, setBusy] = useState(false);
    const elsewhere = error instanceof Refusal && error.error === 'SQ_ERR_CONFLICT';
    const submit = async (takeover: boolean): Promise<void> => {
        setBusy(true);
        setError(null);
        try {
            await signIn(name.trim(), password, takeover);
            setPassword('');
        } catch (e) {
            setError(e);
        }
        setBusy(false);
    };
    const ended = server.ended.value;
    return <main class="shell-page clinic" id="content" style={{ maxWidth: '28rem' }}>
        <h1>{words('title')}</h1>
        <Newer />
        {ended && ended !== 'logout' && <div class="note warn" role="status">{words(`ended.${ended}`)}</div>}
        <form class="card" onSubmit={(e) => { e.preventDefault(); void submit(false); }}>
            <Field label={words('account')}><input autocomplete="username" required value={name} onInput={(e) => setName(e.currentTarget.value)} /></Field>
            <Field label={words('password')}><input type="password" autocomplete="current-password" required value={password} onInput={(e) => setPassword(e.currentTarget.value)} /></Field>
            {error !== null && !elsewhere && <div class="note bad" role="alert">{errorText(error)}</div>}
            {elsewhere ? <div class="note warn" role="alert">{words('takeover')} <Button look="primary" onClick={() => submit(true)}>{words('takeoverYes')}</Button></div>
                : <Button look="primary" submit disabled={busy || server.state.value === 'offline'}>{server.state.value === 'offline' ? words('connecting') : words('signIn')}</Button>}
        </form>
        <LanguageChoice />
    </main>;
}

function LanguageChoice(): JSX.Element {
    return <div class="buttons" role="group" aria-label={words('language')}>
        <Button look="quiet" pressed={language.value === 'zh-CN'} onClick={() => chooseLanguage('zh-CN')}>中文</Button>
        <Button look="quiet" pressed={language.value === 'en'} onClick={() => chooseLanguage('en')}>English</Button>
    </div>;
}

function Locked(): JSX.Element {
    const [password, setPassword] = useState('');
    const [error, setError] = useState<unknown>(null);
    const [busy, setBusy] = useState(false);
    const open = (e: Event): void => {
        e.preventDefault();
        if (busy) return;
        setBusy(true);
        setError(null);
        unlock(password).then(() => setPassword(''), setError).finally(() => setBusy(false));
    };
    const ref = useRef<HTMLDialogElement>(null);
    const shut = (): void => { if (locked.value && !ref.current?.open) ref.current?.showModal(); };
    useEffect(shut, []);
    return <dialog ref={ref} class="locked clinic" aria-label={words('locked')} onCancel={(e) => e.preventDefault()} onClose={shut /* a second Escape asks nobody */}>
        <form class="card" onSubmit={open}>
            <h1>{words('locked')}</h1><p>{words('lockedWhy')}</p>
            <Field label={words('password')} hint={account.value?.name}><input type="password" autocomplete="current-password" autofocus value={password} onInput={(e) => setPassword(e.currentTarget.value)} /></Field>
            {error !== null && <div class="note bad" role="alert">{errorText(error)}</div>}
            <div class="buttons"><Button look="primary" submit disabled={busy}>{words('unlock')}</Button><Button onClick={() => signOut()}>{words('signOut')}</Button></div>
        </form>
    </dialog>;
}

function Top(): JSX.Element {
    const roles = account.value?.roles ?? [];
    const mine = pages.filter((p) => p.menu && (!p.roles.length || p.roles.some((r) => roles.includes(r))));
    return <header class="shell-top">
        <a class="shell-name" href="#/">{words('title')}</a>
        <nav class="shell-menu">{mine.map((p) => <a key={p.path} href={`#/${p.path}`} aria-current={place.value.path === p.path ? 'page' : undefined}>{p.menu!()}</a>)}</nav>
        <span title={account.value?.institution.name}>{account.value?.name}</span>
        <select aria-label={words('textSize')} onChange={(e) => applySize(Number(e.currentTarget.value))} value={localStorage.getItem(SIZE) ?? '18'}>{SIZES.map((s) => <option key={s} value={s}>{s}</option>)}</select>
        <Button look="quiet" onClick={() => chooseLanguage(language.value === 'en' ? 'zh-CN' : 'en')}>{language.value === 'en' ? '中文' : 'English'}</Button>
        <Button look="quiet" onClick={() => void (locked.value = true)}>{words('lock')}</Button>
        <Button look="quiet" onClick={() => signOut()}>{words('signOut')}</Button>
    </header>;
}

/** Not in a call, where a reload would be felt on the other side. */
function Newer(): JSX.Element | null {
    if (!newer.value || running.value !== null) return null;
    return <div class="note" role="status">{words('newer')} <Button onClick={renew}>{words('newerTake')}</Button></div>;
}

function CurrentPage(): JSX.Element {
    const { path, rest } = place.value;
    const roles = account.value?.roles ?? [];
    const allowed = pages.filter((p) => !p.roles.length || p.roles.some((r) => roles.includes(r)));
    const page = allowed.find((p) => p.path === path) ?? (path === '' ? allowed.find((p) => p.menu) : undefined);
    if (!page) return <p class="note warn">{words('nothing')}</p>;
    const Component = page.component;
    return <Component rest={rest} />;
}

export function Shell(): JSX.Element {
    const [ready, setReady] = useState(false);
    useEffect(() => {
        applySize(Number(localStorage.getItem(SIZE) ?? 18));
        void restore().finally(() => { setReady(true); server.start(); });
    }, []);
    if (!ready) return <p class="shell-page" role="status">{common('loading')}</p>;
    const over = server.ended.value !== null && server.ended.value !== 'elsewhere';
    if (!account.value || over) return <><SignIn /><Toasts /></>;
    return <div class={`shell ${account.value.roles.includes('village_doctor') ? 'clinic' : ''}`}>
        <a class="skip" href="#content" onClick={(e) => { e.preventDefault(); document.getElementById('content')?.focus(); }}>{words('skip')}</a>
        <Top />
        <main class="shell-page" id="content" tabIndex={-1}>
            {server.state.value === 'offline' && server.ended.value === null && <div class="note warn" role="status">{common('offline')}</div>}
            {server.ended.value === 'elsewhere' && <div class="note warn" role="alert">{words('ended.elsewhere')} <Button onClick={() => { server.ended.value = null; server.start(); }}>{words('useHere')}</Button></div>}
            {locked.value ? <Locked /> : <Newer />}
            <div hidden={locked.value}><CurrentPage /></div>
        </main>
        {account.value.roles.includes('specialist') && <Attend />}
        {running.value !== null && place.value.path !== 'call' && <CallDock id={running.value} />}
        <Toasts />
    </div>;
}

export { go };
