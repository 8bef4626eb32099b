// SPDX-License-Identifier: Apache-2.0
// The row of buttons below the pictures. Leaving and ending are two buttons with two questions.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
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
    hand: boolean | null; // null: nobody asks for hands here
    setPanel(panel: Panel): void;
    raise(up: boolean): Promise<void>;
    still(): void;
    askStill: (() => Promise<void>) | null; // null: not one other person to ask
    leave(): Promise<void>;
    end(): Promise<void>;
}

interface ActProps { icon: IconName; text: string; onClick(): unknown; pressed?: boolean | undefined; look?: 'danger' | 'primary'; count?: number }

function Act({ icon, text, onClick, pressed, look, count }: ActProps): JSX.Element {
    return <Button onClick={onClick} {...(look ? { look } : {})} {...(pressed === undefined ? {} : { pressed })}>
        <Icon name={icon} /><span>{text}</span>{count ? <span class="call-count"><span aria-hidden="true">{count}</span><span class="sr">{words('newMessages', { n: count })}</span></span> : null}
    </Button>;
}

async function smallWindow(): Promise<void> {
    const video = document.querySelector<HTMLVideoElement>('.call-main video');
    if (document.pictureInPictureElement) return document.exitPictureInPicture();
    if (!video?.requestPictureInPicture) return toast(words('pipNo'), 'warn');
    await video.requestPictureInPicture();
}

export function Controls(props: ControlsProps): JSX.Element {
    const { seat, part, panel, setPanel } = props;
    const [dialog, setDialog] = useState<'end' | 'leave' | 'share' | 'devices' | null>(null);
    const sends = part !== 'observer';
    const sharing = seat.media.own.value.some((o) => o.source === 'examination');
    const close = (): void => setDialog(null);
    const toggle = (to: Panel): void => setPanel(panel === to ? null : to);
    const stopSharing = (): void => { seat.unshare('examination'); seat.unshare('stethoscope'); };
    const turn = async (): Promise<void> => { if (!(await seat.switchCamera())) toast(words('noOther'), 'warn'); };
    return <div class="call-controls" role="group" aria-label={words('controls')}>
        {sends && <>
            <Act icon={seat.muted.value ? 'micOff' : 'mic'} text={words(seat.muted.value ? 'unmute' : 'mute')} pressed={seat.muted.value} onClick={() => seat.mute(!seat.muted.value)} />
            <Act icon={seat.cameraOn.value ? 'camera' : 'cameraOff'} text={words(seat.cameraOn.value ? 'cameraOff' : 'cameraOn')} pressed={!seat.cameraOn.value} onClick={() => seat.camera(!seat.cameraOn.value)} />
            <Act icon="turn" text={words('switchCamera')} onClick={turn} />
            <Act icon="exam" text={words(sharing ? 'shareStop' : 'share')} pressed={sharing} onClick={() => (sharing ? stopSharing() : setDialog('share'))} />
            <Act icon="photo" text={words('still')} onClick={props.still} />
            {props.askStill && <Act icon="photo" text={words('askStill')} onClick={props.askStill} />}
            {props.hand !== null && <Act icon="hand" text={words(props.hand ? 'handDown' : 'hand')} pressed={props.hand} onClick={() => props.raise(!props.hand)} />}
        </>}
        <Act icon="files" text={words('materials')} pressed={panel === 'materials'} onClick={() => toggle('materials')} />
        <Act icon="chat" text={words('chat')} pressed={panel === 'chat'} count={panel === 'chat' ? 0 : props.unread} onClick={() => toggle('chat')} />
        <Act icon="people" text={words('people')} pressed={panel === 'people'} onClick={() => toggle('people')} />
        <Act icon="pip" text={words('pip')} onClick={smallWindow} />
        <Act icon="gear" text={words('devices')} onClick={() => setDialog('devices')} />
        <Act icon="leave" text={words('leave')} onClick={() => setDialog('leave')} />
        {mayEnd(part) && <Act icon="end" text={words('end')} look="danger" onClick={() => setDialog('end')} />}
        <Dialog open={dialog === 'end'} title={words('endTitle')} onClose={close}>
            <p>{words('endText')}</p>
            <div class="buttons"><Button look="danger primary" onClick={props.end}>{words('endYes')}</Button><Button onClick={props.leave}>{words('leaveOnly')}</Button><Button onClick={close}>{words('stay')}</Button></div>
        </Dialog>
        <Dialog open={dialog === 'leave'} title={words('leaveTitle')} onClose={close}>
            <p>{words('leaveText')}</p>
            <div class="buttons"><Button look="primary" onClick={props.leave}>{words('leaveYes')}</Button><Button onClick={close}>{words('stay')}</Button></div>
        </Dialog>
        <ShareDialog seat={seat} open={dialog === 'share'} onClose={close} />
        <DevicesDialog seat={seat} open={dialog === 'devices'} onClose={close} />
    </div>;
}
