/** An answer of the API that is no success: its stable code, and its message for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** The backend could not be reached at all. */
export class Unreachable extends Error {
  constructor() {
    super("the backend does not answer");
    this.name = "Unreachable";
  }
}

function isBody(value: unknown): value is { code: string; message: string } {
  return typeof value === "object" && value !== null && "code" in value && "message" in value;
}

export async function errorOf(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  try {
    const body: unknown = JSON.parse(text);
    if (isBody(body)) return new ApiError(response.status, body.code, body.message);
  } catch {
    // A proxy in between answered in words of its own.
  }
  return new ApiError(response.status, "UNKNOWN", text.slice(0, 500) || response.statusText);
}
