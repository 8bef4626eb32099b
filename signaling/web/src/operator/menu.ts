// SPDX-License-Identifier: Apache-2.0
// Names in the menu, apart from the other words: the menu is in the first load, the pages are not.
import { catalogue } from '../text/text';

export const menu = catalogue({ network: '网络状况', accounts: '账号管理' }, { network: 'Network', accounts: 'Accounts' });
