// SPDX-License-Identifier: Apache-2.0
// The row of buttons below the pictures: what each part needs at once, the rest behind one more. Leaving and ending are
// two buttons with two questions.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { locked } from '../app/session';
import { words as shellWords } from '../app/text';
import { Button, Dialog, toast } from '../ui/ui';
import { DevicesDialog, ShareDialog } from './devices';
import { Icon, type IconName } from './icons';
import type { Seat } from './seat';
import { mayEnd, type Part } from './states';
import { words } from './text';

export type Panel = 'chat' | 'people' | 'materials' | null;

export interface ControlsProps {
    seat: Seat;
    part: Part;
    panel: Panel;
    unread: number;
    hands: number; // of the others, that are up
    hand: boolean | null; // null: nobody asks for hands here
    setPanel(panel: Panel): void;
    raise(up: boolean): Promise<void>;
    still(): void;
    askStill: (() => Promise<void>) | null; // null: not one other person to ask
    check(): void; // of the devices, on its page
    leave(): Promise<void>;
    end(): Promise<void>;
}

type DialogName = 'end' | 'leave' | 'share' | 'devices' | 'more';
interface Act { icon: IconName; text: string; does(): unknown; pressed?: boolean; look?: 'danger'; count?: number; counts?: string }

function ActButton({ act, look }: { act: Act; look?: 'quiet' }): JSX.Element {
    const { icon, text, does, pressed, count, counts } = act;
    const style = act.look ?? look;
    return <Button onClick={does} {...(style ? { look: style } : {})} {...(pressed === undefined ? {} : { pressed })}>
        <Icon name={icon} /><span>{text}</span>{count ? <span class="call-count"><span aria-hidden="true">{count}</span><span class="sr">{counts}</span></span> : null}
    </Button>;
}

async function smallWindow(): Promise<void> {
    const video = document.querySelector<HTMLVideoElement>('.call-main > video');
    if (document.pictureInPictureElement) return document.exitPictureInPicture();
    if (!video?.requestPictureInPicture) return toast(words('pipNo'), 'warn');
    await video.requestPictureInPicture();
}

/** What one sends oneself. */
function ownActs(props: ControlsProps, open: (dialog: DialogName) => void): Record<'mute' | 'camera' | 'turn' | 'share' | 'still' | 'ask', Act> {
    const { seat } = props;
    const sharing = seat.media.own.value.some((o) => o.source === 'examination');
    const muted = seat.muted.value, on = seat.cameraOn.value;
    return {
        mute: { icon: muted ? 'micOff' : 'mic', text: words(muted ? 'unmute' : 'mute'), pressed: muted, does: () => seat.mute(!muted) },
        camera: { icon: on ? 'camera' : 'cameraOff', text: words(on ? 'cameraOff' : 'cameraOn'), pressed: !on, does: () => seat.camera(!on) },
        turn: { icon: 'turn', text: words('switchCamera'), does: async () => { if (!(await seat.switchCamera())) toast(words('noOther'), 'warn'); } },
        share: { icon: 'exam', text: words(sharing ? 'shareStop' : 'share'), pressed: sharing, does: () => { if (sharing) { seat.unshare('examination'); seat.unshare('stethoscope'); } else open('share'); } },
        still: { icon: 'photo', text: words('still'), does: props.still },
        ask: { icon: 'photo', text: words('askStill'), does: () => props.askStill?.() },
    };
}

export function Controls(props: ControlsProps): JSX.Element {
    const { seat, part, panel, setPanel } = props;
    const [dialog, setDialog] = useState<DialogName | null>(null);
    const close = (): void => setDialog(null);
    const toggle = (to: Panel): void => setPanel(panel === to ? null : to);
    const observes = part === 'observer', asks = part === 'applicant';
    const own = ownActs(props, setDialog);
    const raise: Act = { icon: 'hand', text: words(props.hand ? 'handDown' : 'hand'), pressed: props.hand === true, does: () => props.raise(!props.hand) };
    // who is with the patient shows; who is asked asks to be shown
    const shown = observes ? [] : asks ? [own.mute, own.camera, own.share, own.still] : [own.mute, own.camera, ...(props.askStill ? [own.ask] : [])];
    const behind = observes ? [] : asks ? [own.turn, ...(props.askStill ? [own.ask] : [])] : [own.turn, own.share, own.still];
    const row: Act[] = [
        ...shown, ...(props.hand === null ? [] : [raise]),
        ...(observes ? [] : [{ icon: 'files', text: words('materials'), pressed: panel === 'materials', does: () => toggle('materials') } as const]),
        { icon: 'chat', text: words('chat'), pressed: panel === 'chat', count: panel === 'chat' ? 0 : props.unread, counts: words('newMessages', { n: props.unread }), does: () => toggle('chat') },
        { icon: 'people', text: words('people'), pressed: panel === 'people', count: panel === 'people' ? 0 : props.hands, counts: words('handsUp', { n: props.hands }), does: () => toggle('people') },
        { icon: 'more', text: words('more'), does: () => setDialog('more') },
        { icon: 'leave', text: words('leave'), does: () => setDialog('leave') },
        ...(mayEnd(part) ? [{ icon: 'end', text: words('end'), look: 'danger', does: () => setDialog('end') } as const] : []),
    ];
    const more: Act[] = [...behind, { icon: 'pip', text: words('pip'), does: smallWindow }, { icon: 'gear', text: words('devices'), does: () => setDialog('devices') },
        ...(observes ? [] : [{ icon: 'signal', text: words('checkMenu'), does: props.check } as const]), { icon: 'lock', text: shellWords('lock'), does: () => void (locked.value = true) }];
    const chosen = (act: Act): Act => ({ ...act, does: () => { close(); return act.does(); } });
    return <div class="call-controls" role="group" aria-label={words('controls')}>
        {row.map((act) => <ActButton key={act.icon + act.text} act={act} />)}
        <Dialog open={dialog === 'more'} title={words('more')} onClose={() => setDialog((d) => (d === 'more' ? null : d))}>
            <div class="call-more">{more.map((act) => <ActButton key={act.text} act={chosen(act)} />)}</div>
            <div class="buttons"><Button look="quiet" onClick={close}>{words('floatClose')}</Button></div>
        </Dialog>
        <Dialog open={dialog === 'end'} title={words('endTitle')} onClose={close}>
            <p>{words('endText')}</p>
            <div class="buttons"><Button look="danger primary" onClick={props.end}>{words('endYes')}</Button><Button onClick={props.leave}>{words('leaveOnly')}</Button><Button onClick={close}>{words('stay')}</Button></div>
        </Dialog>
        <Dialog open={dialog === 'leave'} title={words('leaveTitle')} onClose={close}>
            <p>{words('leaveText')}</p>
            <div class="buttons"><Button look="primary" onClick={props.leave}>{words('leaveYes')}</Button><Button onClick={close}>{words('stay')}</Button></div>
        </Dialog>
        <ShareDialog seat={seat} open={dialog === 'share'} onClose={close} />
        <DevicesDialog seat={seat} open={dialog === 'devices'} onClose={() => setDialog((d) => (d === 'devices' ? null : d))} />
    </div>;
}
