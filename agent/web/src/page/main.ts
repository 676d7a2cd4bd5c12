// SPDX-License-Identifier: Apache-2.0
// Entry of the page under /agent/: joining by a link, then filming.
import { mount } from 'svelte';
import '../../../../viewer/web/src/styles/base.css';
import { IndexedDbDeviceStore } from '../device_store';
import { language } from '../i18n/i18n.svelte';
import { startOffline } from './offline';
import Page from './Page.svelte';
import { t } from './words';

language.begin();
document.title = t('title');

// Without a service worker the page still films; it only needs the network to be opened.
startOffline().catch((error: unknown) => console.warn('not kept for offline', error));
mount(Page, { target: document.getElementById('app')!, props: { store: new IndexedDbDeviceStore() } });
