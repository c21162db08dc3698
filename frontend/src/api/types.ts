import type { components } from "./schema";

type Schemas = components["schemas"];

export type Sandbox = Schemas["SandboxSummary"];
export type SandboxStats = Schemas["SandboxStats"];
export type SandboxDetails = Schemas["SandboxDetails"];
export type CreateSandbox = Schemas["CreateSandbox"];
export type Container = Schemas["Container"];
export type Snapshot = Schemas["Snapshot"];
export type Job = Schemas["Job"];
export type Event = Schemas["Event"];
export type Image = Schemas["ImageSummary"];
export type ImageProgress = Schemas["ImageProgress"];
export type Runtime = Schemas["Runtime"];
export type FileInfo = Schemas["FileInfo"];
export type LogFrame = Schemas["LogFrame"];
export type Port = Schemas["Port"];
export type Host = Schemas["Host"];
export type Engine = Schemas["EngineInfo"];
