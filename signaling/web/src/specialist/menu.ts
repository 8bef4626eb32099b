// SPDX-License-Identifier: Apache-2.0
// Names in the menu, apart from the other words: the menu is in the first load, the pages are not.
import { catalogue } from '../text/text';

export const menu = catalogue({ desk: '工作台', readings: '阅片', consults: '会诊', slots: '排期', outcomes: '反馈' }, { desk: 'Desk', readings: 'Reading', consults: 'Cases', slots: 'Schedule', outcomes: 'Outcomes' });
