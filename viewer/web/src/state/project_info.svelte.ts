// SPDX-License-Identifier: Apache-2.0
// Names and time zones of projects, read once per visit.
import { api } from '../api/api';
import type { Project } from '../api/types';
import { language } from '../i18n/i18n.svelte';

const known = $state<Record<string, Project>>({});
const asked = new Set<string>();

export function rememberProject(project: Project): void {
  known[project.id] = project;
}

// null: not read in this visit.
export const knownProject = (id: string): Project | null => known[id] ?? null;

// null while it is being read.
export function projectInfo(id: string): Project | null {
  if (!asked.has(id) && known[id] === undefined) {
    asked.add(id);
    void api.project(id).then((answer) => {
      if (answer.ok) known[id] = answer.value;
      else asked.delete(id);
    });
  }
  return known[id] ?? null;
}

// Its name in the language of the page; nothing while it is being read.
export function projectName(project: Pick<Project, 'name' | 'name_en'> | null): string {
  if (project === null) return '';
  return language.locale === 'en' && project.name_en !== '' ? project.name_en : project.name;
}
