// SPDX-License-Identifier: Apache-2.0
// Paths of a 24 x 24 grid, drawn with a 2 px stroke by Icon.svelte.
export const icons = {
  back: 'M15 5l-7 7 7 7',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M8 5.5v13M16 5.5v13',
  sound: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  silent: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5',
  expand: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  shrink: 'M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5',
  warning: 'M12 4.5L21 19.5H3zM12 10v4.5M12 17v.2',
  note: 'M5 5h14v10H11l-4 4v-4H5z',
  progress: 'M4 19V11M10 19V5M16 19v-8M21 19H3',
  photo: 'M4 7h4l1.5-2.5h5L16 7h4v12H4zM12 16a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z',
  walkthrough: 'M3.5 7h11.5v10H3.5zM15 11l5.5-3v8L15 13z',
  timelapse: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM12 7.5V12l3 2',
  document: 'M6 3.5h8l4 4v13H6zM14 3.5v4h4M9 12h6M9 16h6',
  meeting: 'M8.5 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3 19c.5-3.5 2.5-5 5.5-5s5 1.5 5.5 5M16 11a2.5 2.5 0 1 0-1-4.8M16.5 14c2.5.2 4 1.8 4.5 5',
  pin: 'M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10zM12 2.5V7M12 17v4.5M2.5 12H7M17 12h4.5',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  next: 'M9 5l7 7-7 7',
  filter: 'M4 6h16M7 12h10M10 18h4',
  download: 'M12 4v11M7 11l5 5 5-5M4 20h16',
  account: 'M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM5 20c.7-4 3.3-6 7-6s6.3 2 7 6',
  microphone: 'M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM6 11.5a6 6 0 0 0 12 0M12 17.5V21',
  live: 'M12 14a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7.5 16.5a6.4 6.4 0 0 1 0-9M16.5 7.5a6.4 6.4 0 0 1 0 9',
} as const;

export type IconName = keyof typeof icons;

export function kindIcon(kind: string): IconName {
  return kind in icons ? (kind as IconName) : 'note';
}
