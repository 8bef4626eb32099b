// SPDX-License-Identifier: Apache-2.0
// Names in the menu, apart from the other words: the menu is in the first load, the pages are not.
import { catalogue } from '../text/text';

export const menu = catalogue({ incoming: '待办', cases: '全部会诊', panels: '排班与预约' }, { incoming: 'Incoming', cases: 'All cases', panels: 'Rosters and slots' });
