// SPDX-License-Identifier: Apache-2.0
// Leaving: the session ends at the gateway, and nothing of this person's visits stays in this browser.
import { api, type Answer } from '../api/api';
import { forgetVisits } from './last_visit';

// false: the session may still be valid, and the page must say so.
export async function signOut(ask: () => Promise<Answer<null>> = api.signOut): Promise<boolean> {
  const answer = await ask();
  // Not signed in any more is what was asked for.
  if (!answer.ok && answer.failure !== 'signed_out') return false;
  forgetVisits();
  return true;
}
