// SPDX-License-Identifier: Apache-2.0
// Paths of a 24 x 24 grid, drawn with a 2 px stroke.
export const icons = {
  photo: 'M4 7h4l1.5-2.5h5L16 7h4v12H4zM12 16a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z',
  note: 'M5 5h14v10H11l-4 4v-4H5zM9 9h6M9 12h4',
  talk: 'M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM6 11.5a6 6 0 0 0 12 0M12 17.5V21',
  say: 'M4 12l16-7-5 15-3.5-6zM11.5 14L20 5',
  list: 'M4 6.5l1.5 1.5L8 5M4 13l1.5 1.5L8 11.500M11 7h9M11 13.500h9M4 19.500h.2M11 19.500h9',
  close: 'M6 6l12 12M18 6L6 18',
  warning: 'M12 4.5L21 19.5H3zM12 10v4.500M12 17v.2',
  check: 'M5 12.500l4.500 4.500L19 7.500',
} as const;

export type IconName = keyof typeof icons;
