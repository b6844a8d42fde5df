// The fields of a form, as parts of the dialog's template. Each kind belongs to one of
// services/core/form_fields.py.
import { written } from "written";

const CHOICE = `
  <select v-if="field.kind === 'choice' && !field.as_list" v-bind="control(field)"
          v-model="values[field.name]" @change="edited(field)" @blur="left(field)">
    <option value="">{{ field.required ? 'Choose…' : '' }}</option>
    <option v-for="option in field.options" :key="option.value" :value="option.value">{{ option.label }}</option>
  </select>
  <div v-else-if="field.kind === 'choice'" class="option-list" v-bind="group(field, 'radiogroup')">
    <label v-for="(option, index) in field.options" :key="option.value" class="option">
      <input type="radio" :name="idOf(field)" :id="index ? null : idOf(field)" :value="option.value"
             v-model="values[field.name]" @change="edited(field)">
      <span class="option-text">{{ option.label }}<span v-if="option.description" class="muted">{{ option.description }}</span></span>
    </label>
  </div>
  <div v-else-if="field.kind === 'several'" class="option-list" v-bind="group(field, 'group')">
    <label v-for="(option, index) in field.options" :key="option.value" class="option">
      <input type="checkbox" :id="index ? null : idOf(field)" :value="option.value"
             v-model="values[field.name]" @change="edited(field)">
      <span class="option-text">{{ option.label }}<span v-if="option.description" class="muted">{{ option.description }}</span></span>
    </label>
  </div>`;

const PEOPLE = `
  <people-field v-else-if="field.kind === 'person' || field.kind === 'people'"
                v-model="values[field.name]" :field="field" :control="control(field)"
                :answer="found[field.name]" @search="search(field, $event)"
                @update:model-value="edited(field)" @blur="left(field)"></people-field>`;

const FILE = `
  <file-field v-else-if="field.kind === 'file'" v-model="values[field.name]" :field="field"
              :control="control(field)" @update:model-value="edited(field)"
              @uploading="uploading(field, $event)" @failed="errors[field.name] = $event"></file-field>`;

const TYPED = `
  <textarea v-else-if="field.kind === 'lines'" v-bind="control(field)" rows="4" dir="auto"
            v-model="values[field.name]" @input="edited(field)" @blur="left(field)"></textarea>
  <div v-else-if="field.kind === 'password'" class="field-reveal">
    <input v-bind="control(field)" :type="revealed[field.name] ? 'text' : 'password'"
           autocapitalize="none" spellcheck="false" v-model="values[field.name]"
           @input="edited(field)" @blur="left(field)">
    <button type="button" class="reveal" :aria-pressed="revealed[field.name] ? 'true' : 'false'"
            :aria-label="'Show ' + field.label.toLowerCase()"
            @click="revealed[field.name] = !revealed[field.name]">{{ revealed[field.name] ? 'Hide' : 'Show' }}</button>
  </div>
  <input v-else-if="field.kind === 'number'" v-bind="control(field)" type="text" inputmode="numeric"
         v-model="values[field.name]" @input="edited(field)" @blur="left(field)">
  <input v-else v-bind="control(field)" :type="field.kind" :spellcheck="false"
         :autocapitalize="field.kind === 'email' ? 'none' : null" dir="auto"
         v-model="values[field.name]" @input="edited(field)" @blur="left(field)">`;

// The descriptions of a choice's answers, if these are in a list that opens.
const DESCRIPTIONS = `
  <ul v-if="isDescribed(field)" class="choice-descriptions" :id="idOf(field) + '-descriptions'">
    <li v-for="option in field.options" :key="option.value"
        :class="{ 'is-chosen': values[field.name] === option.value }"><strong>{{ option.label }}</strong> {{ option.description }}</li>
  </ul>`;

const LABEL = `{{ field.label }}<span v-if="!field.required" class="field-optional"> (optional)</span>`;

// The template's loop over the fields of the list with this name.
export const fieldsIn = (list) => `
  <div class="dialog-fields" v-if="${list}.length">
    <div v-for="field in ${list}.filter(isAsked)" :key="field.name" class="field" :class="{ 'field-half': field.half }">
      <label v-if="field.kind === 'checkbox'" class="option option-alone">
        <input type="checkbox" v-bind="control(field)" v-model="values[field.name]" @change="edited(field)">
        <span class="option-text">{{ field.label }}</span>
      </label>
      <template v-else>
        <span v-if="isGroup(field)" class="field-label" :id="idOf(field) + '-label'">${LABEL}</span>
        <label v-else :for="idOf(field)">${LABEL}</label>
        ${CHOICE}${PEOPLE}${FILE}${TYPED}
        <div v-if="field.meter" class="meter" aria-hidden="true" :data-score="scores[field.name]"><i></i><i></i><i></i><i></i></div>
      </template>
      ${DESCRIPTIONS}
      <p class="field-message" :id="idOf(field) + '-message'" aria-live="polite"
         :class="message(field).kind">{{ message(field).text }}</p>
    </div>
  </div>`;

export const FIELDS = fieldsIn("fields");

const LONG_DAY = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
export const EMPTY = { several: [], people: [], person: null, file: null, checkbox: false };

// The form of a value that is sent to the server, and by which two values are compared.
export function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  return value !== null && typeof value === "object" ? value.id : value;
}

export const isSame = (one, other) => JSON.stringify(plain(one)) === JSON.stringify(plain(other));

// A field's value as it is read; empty if there is none.
export function readable({ kind, options = [] }, value) {
  if (kind === "checkbox") return value ? "Yes" : "No";
  if (kind === "date" && value) return written(new Date(value), LONG_DAY);
  const label = (one) => options.find((option) => option.value === one)?.label ?? one?.name ?? String(one);
  return [value ?? []].flat().map(label).join(", ");
}

// The same as a sentence quotes it.
export function inWords(field, value) {
  if (field.kind === "checkbox") return value ? "ticked" : "not ticked";
  const words = readable(field, value);
  return words ? `“${words}”` : "empty";
}

export function isGroup(field) {
  return field.kind === "several" || (field.kind === "choice" && field.as_list);
}

// The error that the browser can find by itself; empty if there is none.
export function wrongBefore(field, value) {
  if (field.required && (typeof value === "string" ? !value.trim() : !value || value.length === 0))
    return field.missing;
  const length = typeof value === "string" ? [...value].length : 0;
  return field.maxlength && length > field.maxlength
    ? `${field.label} can have ${field.maxlength.toLocaleString("en")} characters at most.`
    : "";
}
