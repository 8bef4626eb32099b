// SPDX-License-Identifier: Apache-2.0
// A still picture in the middle of a call: taken here, or asked for by the other side; looked at, then sent as a
// material of the case.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { common } from '../text/common';
import type { Item } from '../outbox/outbox';
import { inLanguage } from '../text/text';
import { Button, Dialog, errorText, tell, toast } from '../ui/ui';
import { problemOf } from './capture';
import type { Seat } from './seat';
import { words } from './text';
import { sendPhoto, sendings } from './upload';

export function StillDialog({ seat, open, onClose }: { seat: Seat; open: boolean; onClose(): void }): JSX.Element {
    const [photo, setPhoto] = useState<Blob | null>(null);
    const [url, setUrl] = useState('');
    const [wrong, setWrong] = useState('');
    const shoot = async (): Promise<void> => {
        setWrong('');
        try {
            setPhoto(await seat.still());
        } catch (error) {
            setWrong(error instanceof DOMException ? words(`trouble.${problemOf(error)}`) : errorText(error));
        }
    };
    useEffect(() => { if (open) void shoot(); else setPhoto(null); }, [open]);
    useEffect(() => {
        if (!photo) return;
        const made = URL.createObjectURL(photo);
        setUrl(made);
        return () => { setUrl(''); URL.revokeObjectURL(made); };
    }, [photo]);
    const use = (): void => {
        void sendPhoto(seat.id, photo!, words('stillName'), () => toast(words('stillDone'), 'good')).catch(tell);
        onClose();
    };
    return <Dialog open={open} title={words('stillTitle')} onClose={onClose}>
        {wrong && <p class="note bad" role="alert">{wrong}</p>}
        {url ? <img class="call-photo" src={url} alt={words('stillAlt')} /> : !wrong && <p role="status">{common('loading')}</p>}
        <div class="buttons"><Button look="primary" disabled={!photo} onClick={use}>{words('stillUse')}</Button><Button onClick={shoot}>{words('stillAgain')}</Button><Button onClick={onClose}>{common('cancel')}</Button></div>
    </Dialog>;
}

/** What of this case is on its way, from the call or not; refused ones are acted on in the outbox. */
export function Sendings({ consultation }: { consultation: string }): JSX.Element | null {
    const mine = sendings(consultation);
    if (!mine.length) return null;
    return <div class="call-sendings" role="status">{mine.map((item) => <div key={item.id} class={`note ${item.state === 'refused' ? 'bad' : ''}`}><Sending item={item} /></div>)}</div>;
}

function Sending({ item }: { item: Item }): JSX.Element {
    if (item.state === 'refused') return <>{words('stillFailed', { why: item.problem ? inLanguage(item.problem) : '' })} <a href="#/outbox">{common('open')}</a></>;
    if (item.task.kind !== 'upload' || item.state === 'waiting') return <>{words('stillWaits')}</>;
    const percent = Math.floor((item.sent / item.task.file.bytes) * 100);
    return <>{words('stillUploading', { percent })} <progress max={100} value={percent} aria-label={words('stillUploading', { percent })} /></>;
}
