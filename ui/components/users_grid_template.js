// What the users grid looks like. Texts of rows come in through interpolation only.
const svg = (size, body) =>
  `<svg width="${size}" height="${size}" viewBox="0 0 16 16" fill="none" stroke="currentColor" ` +
  `stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${body}</svg>`;

const SEARCH = svg(16, '<circle cx="7" cy="7" r="4.6"/><path d="M10.5 10.5 14 14"/>');
const ARROW = svg(12, '<path d="M8 13V3M4 7l4-4 4 4"/>');
const CHECK = svg(12, '<path d="M3 8.6 6.4 12 13 4.6"/>');
const DASH = svg(12, '<path d="M3.5 8h9"/>');
const CLOCK = svg(12, '<circle cx="8" cy="8" r="6"/><path d="M8 4.8V8l2.2 1.6"/>');
const CROSS = svg(12, '<circle cx="8" cy="8" r="6"/><path d="M8 4.8v3.8M8 11v.1"/>');
const PEOPLE = svg(
  22,
  '<circle cx="6" cy="5.5" r="2.6"/><path d="M1.5 13.5a4.5 4.5 0 0 1 9 0M11 3.2a2.6 2.6 0 0 1 0 4.7M12.3 9.6a4.5 4.5 0 0 1 2.4 3.9"/>',
);

const HEAD = `
  <div class="page-head">
    <h1>{{ title }}</h1>
    <div class="actions">
      <a v-if="import_url" class="btn btn-quiet" :href="import_url">Invite from CSV</a>
      <button type="button" class="btn btn-primary" @click="$emit('invite')">+ Invite User</button>
    </div>
  </div>`;

const TOOLBAR = `
  <form class="toolbar" role="search" aria-label="Users" @submit.prevent="ask()">
    <div class="search">
      ${SEARCH}
      <input ref="search" type="search" aria-label="Search users" placeholder="Search users"
             autocomplete="off" spellcheck="false" maxlength="200" v-model="text" @input="typed">
    </div>
    <div class="filter" :class="{'filter-on': asked.role}">
      <label :for="$attrs.id + '-role'">Show</label>
      <select :id="$attrs.id + '-role'" :value="asked.role"
              @change="change({role: $event.target.value})">
        <option value="">All roles</option>
        <option v-for="[key, label] in roles" :key="key" :value="key">{{ label }}</option>
      </select>
    </div>
    <div class="filter" :class="{'filter-on': asked.status}">
      <label :for="$attrs.id + '-status'">Status</label>
      <select :id="$attrs.id + '-status'" :value="asked.status"
              @change="change({status: $event.target.value})">
        <option value="">All</option>
        <option value="active">Active</option>
        <option value="inactive">Inactive</option>
      </select>
    </div>
    <label class="check">
      <input type="checkbox" :checked="asked.invited"
             @change="change({invited: $event.target.checked})">
      Invitation not yet accepted
    </label>
    <button v-if="filtered && list.length" class="btn btn-quiet" type="button" @click="clear">Clear filters</button>
  </form>
  <div class="counts">
    <strong>{{ countText }}</strong>
    <span v-if="all.all" class="muted">{{ breakdown }}</span>
  </div>
  <p class="visually-hidden" role="status">{{ spoken }}</p>
  <div v-if="error" class="banner banner-danger users-error" role="alert">
    <span>Couldn't load users. {{ error }}</span>
    <button class="btn btn-small" type="button" @click="ask()">Try again</button>
  </div>`;

const NAME = `
  <td role="cell" class="col-name">
    <div class="who">
      <span class="avatar" :style="{'--hue': hue(row.id)}" aria-hidden="true">{{ initials(row.name) }}<span
        v-if="row.online" class="online" title="Online now"></span></span>
      <a class="name-link isolate clip" dir="auto" :href="href(row)" :title="lastSeen(row)">{{ row.name }}</a>
      <span v-if="row.online" class="visually-hidden">online now</span>
      <span v-if="row.id === me" class="chip">You</span>
    </div>
  </td>`;

const EMAIL = `
  <td role="cell" class="col-email">
    <div class="stack">
      <span class="isolate clip muted" dir="auto" :title="row.email">{{ row.email }}</span>
      <span v-if="row.invited && row.mail === 'waiting'" class="mail-state">${CLOCK}Mail waiting</span>
      <span v-else-if="row.invited && row.mail === 'failed'" class="mail-state mail-failed"
            :title="row.mail_answer || null">${CROSS}Mail failed</span>
    </div>
  </td>`;

const STATUS = `
  <td role="cell" class="col-status">
    <div class="chips">
      <span v-if="row.active" class="chip chip-active">${CHECK}Active</span>
      <span v-else class="chip chip-inactive">${DASH}Inactive</span>
      <span v-if="row.invited" class="chip chip-accent">Invited</span>
    </div>
    <div v-if="row.end_date && row.active" class="small muted ends">until {{ day(row.end_date) }}</div>
    <span v-if="!fitsShown(row)" class="visually-hidden">no longer matches the filters</span>
  </td>`;

const SWITCH = `
  <td role="cell" class="col-actions">
    <span v-if="can_manage" class="switch-cell" @mouseenter="tipDismissed = false">
      <button type="button" role="switch" class="switch"
              :aria-checked="row.active ? 'true' : 'false'"
              :aria-label="(row.active ? 'Deactivate ' : 'Activate ') + row.name"
              :aria-disabled="row.id === me ? 'true' : null"
              :aria-describedby="row.id === me ? $attrs.id + '-why' : null"
              :aria-busy="waiting[row.id] ? 'true' : null"
              @click="toggle(row, $event)" @focus="tipDismissed = false"
              @keydown.esc="tipDismissed = true"></button>
      <span v-if="row.id === me" :id="$attrs.id + '-why'" class="tip" role="tooltip"
            :class="{'tip-dismissed': tipDismissed}">{{ own_hint }}</span>
    </span>
  </td>`;

const TABLE = `
  <div v-if="list.length" class="table-card">
    <div v-if="loading" class="loading"></div>
    <table class="table" role="table" aria-label="Users" :aria-busy="loading ? 'true' : 'false'">
      <thead role="rowgroup">
        <tr role="row">
          <th v-for="[column, label] in columns" :key="column" role="columnheader" scope="col"
              :class="'col-' + column" :aria-sort="sorted(column)">
            <button type="button" class="sort" @click="sortBy(column)">{{ label }}${ARROW}</button>
          </th>
          <th role="columnheader" scope="col" class="col-actions">Actions</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        <tr v-for="row in list.slice(0, most)" :key="row.id" role="row"
            :class="[fresh[row.id], {'is-leaving': !fitsShown(row), 'is-inactive': !row.active}]">
          ${NAME}
          ${EMAIL}
          <td role="cell" class="col-role"><div class="clip">{{ roleLabel(row.role) }}</div></td>
          ${STATUS}
          ${SWITCH}
        </tr>
      </tbody>
    </table>
  </div>`;

const EMPTY = `
  <div v-else class="table-card empty" :aria-busy="loading ? 'true' : 'false'">
    <div v-if="loading" class="loading"></div>
    <div class="empty-icon">${PEOPLE}</div>
    <template v-if="all.all">
      <h2>No users match</h2>
      <p>Check the spelling, or look with fewer filters.</p>
      <button class="btn" type="button" @click="clear">Clear filters</button>
    </template>
    <template v-else>
      <h2>No users yet</h2>
      <p>{{ empty_hint }}</p>
    </template>
  </div>`;

const PAGER = `
  <nav v-if="pagesNow > 1" class="pager" aria-label="Pages">
    <p>Page {{ number(pageNow) }} of {{ number(pagesNow) }}</p>
    <button class="btn" type="button" :aria-disabled="pageNow <= 1 ? 'true' : null"
            @click="turn(-1)">Previous</button>
    <button class="btn" type="button" :aria-disabled="pageNow >= pagesNow ? 'true' : null"
            @click="turn(1)">Next</button>
  </nav>`;

export const template = `<div class="users">${HEAD}${TOOLBAR}${TABLE}${EMPTY}${PAGER}</div>`;
