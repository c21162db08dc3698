import type { ITheme } from "@xterm/xterm";

import type { Theme } from "@/shell/theme";

/** Colours that can be read on the surface of each theme. */
export const THEMES: Record<Theme, ITheme> = {
  light: {
    background: "#ffffff",
    foreground: "#14181f",
    cursor: "#1f5fd0",
    selectionBackground: "#cfe0fb",
    black: "#14181f",
    red: "#b3261e",
    green: "#14743a",
    yellow: "#8a5300",
    blue: "#1f5fd0",
    magenta: "#86279b",
    cyan: "#0b6b78",
    white: "#535d6b",
    brightBlack: "#535d6b",
    brightWhite: "#14181f",
  },
  dark: {
    background: "#161b22",
    foreground: "#e8ecf1",
    cursor: "#7fb0ff",
    selectionBackground: "#2f4a75",
    black: "#2b333e",
    red: "#ff8f86",
    green: "#6fd08f",
    yellow: "#f0b75c",
    blue: "#7fb0ff",
    magenta: "#d6a1ea",
    cyan: "#70cfdc",
    white: "#c3ccd7",
    brightBlack: "#8b97a7",
    brightWhite: "#ffffff",
  },
};
