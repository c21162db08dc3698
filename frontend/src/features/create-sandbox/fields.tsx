"use client";

import { useQuery } from "@tanstack/react-query";

import { hostQuery } from "@/features/hosts/data";
import { imagesQuery } from "@/features/images/data";
import { useT } from "@/i18n";
import { Area, Field, Select } from "@/ui/field";

import type { Form } from "./form";

interface Props {
  form: Form;
  onChange: (change: Partial<Form>) => void;
}

export function Fields({ form, onChange }: Props) {
  const t = useT();
  const { data: images = [] } = useQuery(imagesQuery);
  const tags = [...new Set(images.flatMap((image) => image.RepoTags))].sort();
  return (
    <div className="grid gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label={t("image")}
          hint={t("create.image.hint")}
          list="images"
          required
          spellCheck={false}
          placeholder="busybox:latest"
          value={form.image}
          onChange={(event) => onChange({ image: event.target.value })}
        />
        <datalist id="images">
          {tags.map((tag) => (
            <option key={tag} value={tag} />
          ))}
        </datalist>
        <Field
          label={t("name")}
          hint={t("create.name.hint")}
          spellCheck={false}
          pattern="[A-Za-z0-9][A-Za-z0-9_.\-]+"
          maxLength={128}
          value={form.name}
          onChange={(event) => onChange({ name: event.target.value })}
        />
      </div>
      <Field
        label={t("command")}
        hint={t("create.command.hint")}
        className="font-mono text-[13px]"
        spellCheck={false}
        placeholder="sleep infinity"
        value={form.command}
        onChange={(event) => onChange({ command: event.target.value })}
      />
      <Field
        label={t("ports")}
        hint={t("create.ports.hint")}
        className="font-mono text-[13px]"
        placeholder="3000 8081:80"
        value={form.ports}
        onChange={(event) => onChange({ ports: event.target.value })}
      />
      <div className="grid gap-4 sm:grid-cols-2">
        <Area label={t("create.env")} rows={3} placeholder={"NODE_ENV=production"} value={form.env} onChange={(event) => onChange({ env: event.target.value })} />
        <Area label={t("create.labels")} rows={3} placeholder={"team=red"} value={form.labels} onChange={(event) => onChange({ labels: event.target.value })} />
      </div>
      <Limits form={form} onChange={onChange} />
    </div>
  );
}

function Limits({ form, onChange }: Props) {
  const t = useT();
  const { data: host } = useQuery(hostQuery);
  const engines = (host?.engines ?? []).filter(({ available }) => available);
  return (
    <div className="grid gap-4 sm:grid-cols-2 xl:grid-cols-4">
      <Field label={t("create.memory")} placeholder="2g" pattern="\d+[kmgtKMGT]?" value={form.memory} onChange={(event) => onChange({ memory: event.target.value })} />
      <Field label={t("create.cpus")} placeholder="1.5" inputMode="decimal" pattern="\d+(\.\d+)?" value={form.cpus} onChange={(event) => onChange({ cpus: event.target.value })} />
      <Select label={t("network")} value={form.network} onChange={(event) => onChange({ network: event.target.value as Form["network"] })}>
        <option value="open">{t("network.open")}</option>
        <option value="none">{t("network.none")}</option>
      </Select>
      <Select label={t("engine")} value={form.engine} onChange={(event) => onChange({ engine: event.target.value as Form["engine"] })}>
        <option value="">{t("create.engine.default")}</option>
        {engines.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
    </div>
  );
}
