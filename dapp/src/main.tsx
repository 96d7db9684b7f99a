import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Root } from "./root";
import "./styles.css";

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no #root");
createRoot(element).render(
  <StrictMode>
    <Root />
  </StrictMode>,
);
