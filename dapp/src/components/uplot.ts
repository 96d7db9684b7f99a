// uPlot with its style, in a chunk of its own: only pages with a chart load it.
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export { UPlot };
