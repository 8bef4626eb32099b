// SPDX-License-Identifier: Apache-2.0
import { catalogue } from '../text/text';

export const words = catalogue({
    title: '山桥', signIn: '登录', account: '账号', password: '密码', signOut: '退出登录', takeover: '此账号已在别处登录。要在这里继续吗？那边会退出。', takeoverYes: '在这里继续', locked: '已锁定', lockedWhy: '页面已锁定，以保护患者隐私。请输入密码继续。', wrongPassword: '密码不对，请再输入一次。', wrongPasswordWait: '密码不对，请等 {n} 秒后再输入。', tooSoon: '输错过密码，请等 {n} 秒后再输入。', unlock: '解锁', lock: '锁定', language: '语言', textSize: '文字大小', skip: '跳到正文', nothing: '没有此页面。',
    'ended.takeover': '您的账号在别处登录，此处已退出。', 'ended.logout': '您已退出。', 'ended.expired': '登录已过期，请重新登录。', 'ended.revoked': '您的登录已被管理员收回。', 'ended.elsewhere': '此浏览器的另一个页面正在使用。', useHere: '在这里使用', connected: '已连接', connecting: '正在连接…',
    newer: '页面有新版本。已填写的内容会保留，重新打开只需片刻。', newerTake: '使用新版本',
}, {
    title: 'Shanqiao', signIn: 'Sign in', account: 'Account', password: 'Password', signOut: 'Sign out', takeover: 'This account is signed in elsewhere. Go on here? It is signed out there then.', takeoverYes: 'Go on here', locked: 'Locked', lockedWhy: 'The page is locked to protect patients. Enter your password to go on.', wrongPassword: 'That is not the password. Enter it again.', wrongPasswordWait: 'That is not the password. Wait {n} s before you enter it again.', tooSoon: 'A wrong password was entered. Wait {n} s before the next.', unlock: 'Unlock', lock: 'Lock', language: 'Language', textSize: 'Text size', skip: 'Skip to content', nothing: 'There is no such page.',
    'ended.takeover': 'Your account was signed in elsewhere; you are signed out here.', 'ended.logout': 'You are signed out.', 'ended.expired': 'Your session has ended. Sign in again.', 'ended.revoked': 'An administrator has ended your session.', 'ended.elsewhere': 'Another page of this browser is in use.', useHere: 'Use it here', connected: 'Connected', connecting: 'Connecting…',
    newer: 'There is a newer version of these pages. What you typed is kept; it takes a moment.', newerTake: 'Use the newer version',
});
