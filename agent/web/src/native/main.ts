// SPDX-License-Identifier: Apache-2.0
// The screen of the native agent. Its socket lies beside this page, below the same token.
import { mount } from 'svelte';
import '../../../../viewer/web/src/styles/base.css';
import { language } from '../i18n/i18n.svelte';
import Screen from '../ui/Screen.svelte';
import { NativeRecorder } from './native_recorder';

const url = new URL('socket', location.href);
url.protocol = 'ws:';
url.search = '';
language.begin();
mount(Screen, { target: document.getElementById('app')!, props: { recorder: new NativeRecorder(url.href) } });
