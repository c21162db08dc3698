// Lists the operations of /openapi.json and sends them. All text is set as text, never as markup.
"use strict";

const METHODS = ["get", "post", "put", "delete"];

const resolve = (spec, node) =>
  node && node.$ref ? node.$ref.slice(2).split("/").reduce((at, key) => at[key], spec) : node;

function example(spec, schema, depth = 0) {
  schema = resolve(spec, schema);
  if (!schema || depth > 4) return null;
  if (schema.example !== undefined) return schema.example;
  if (schema.examples?.length) return schema.examples[0];
  const choices = (schema.oneOf || schema.anyOf || []).filter((choice) => choice.type !== "null");
  if (choices.length) return example(spec, choices[0], depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object") {
    const entries = (schema.required || []).map((name) =>
      [name, example(spec, schema.properties[name], depth + 1)]);
    return Object.fromEntries(entries);
  }
  if (type === "array") return [];
  if (type === "integer" || type === "number") return schema.minimum ?? 0;
  if (type === "boolean") return false;
  return schema.enum ? schema.enum[0] : "";
}

function field(parameter) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.name = parameter.name;
  input.required = Boolean(parameter.required);
  input.dataset.in = parameter.in;
  input.placeholder = parameter.description || "";
  label.append(parameter.name + (parameter.required ? " *" : ""), input);
  return label;
}

function request(form, method, path, body) {
  const query = new URLSearchParams();
  const headers = {};
  const key = document.getElementById("key").value;
  if (key) headers["X-API-Key"] = key;
  for (const input of form.querySelectorAll("input")) {
    if (!input.value) continue;
    if (input.dataset.in === "path") {
      path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    } else if (input.dataset.in === "header") {
      headers[input.name] = input.value;
    } else {
      for (const value of input.value.split("\n")) query.append(input.name, value);
    }
  }
  const text = body.hidden ? "" : body.querySelector("textarea").value.trim();
  const options = { method: method.toUpperCase(), headers };
  if (text) {
    options.body = text;
    headers["Content-Type"] = body.dataset.type;
  }
  const asked = query.toString();
  return new Request(asked ? `${path}?${asked}` : path, options);
}

async function send(view, method, path) {
  const answer = view.querySelector(".answer");
  const stop = view.querySelector(".stop");
  const abort = new AbortController();
  answer.hidden = stop.hidden = false;
  stop.onclick = () => abort.abort();
  answer.textContent = "…";
  try {
    const sent = request(view.querySelector("form"), method, path, view.querySelector(".body"));
    const response = await fetch(sent, { signal: abort.signal });
    answer.textContent = `${response.status} ${response.statusText}\n\n`;
    const isJson = (response.headers.get("content-type") || "") === "application/json";
    if (isJson) {
      answer.textContent += JSON.stringify(await response.json(), null, 2);
    } else if (response.body) {
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        answer.textContent += part.value;
      }
    }
  } catch (error) {
    answer.textContent += `\n${error}`;
  } finally {
    stop.hidden = true;
  }
}

function show(spec, path, method, operation) {
  const view = document.getElementById("route").content.cloneNode(true).firstElementChild;
  view.querySelector(".method").textContent = method.toUpperCase();
  view.querySelector(".path").textContent = path;
  view.querySelector(".summary").textContent = operation.summary || "";
  view.querySelector(".description").textContent = operation.description || "";
  view.querySelector(".fields").append(...(operation.parameters || []).map(field));
  const body = view.querySelector(".body");
  const content = operation.requestBody && Object.entries(operation.requestBody.content)[0];
  body.hidden = !content;
  if (content) {
    body.dataset.type = content[0];
    const isJson = content[0] === "application/json";
    body.querySelector("textarea").value =
      isJson ? JSON.stringify(content[1].example ?? example(spec, content[1].schema), null, 2) : "";
  }
  view.querySelector("form").onsubmit = (event) => {
    event.preventDefault();
    send(view, method, path);
  };
  return view;
}

async function main() {
  const spec = await (await fetch("/openapi.json")).json();
  const groups = new Map();
  for (const [path, item] of Object.entries(spec.paths)) {
    for (const method of METHODS.filter((method) => item[method])) {
      const tag = (item[method].tags || ["other"])[0];
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(show(spec, path, method, item[method]));
    }
  }
  const routes = document.getElementById("routes");
  routes.replaceChildren();
  for (const [tag, views] of groups) {
    const heading = document.createElement("h2");
    heading.textContent = tag;
    routes.append(heading, ...views);
  }
}

main().catch((error) => { document.getElementById("routes").textContent = String(error); });
