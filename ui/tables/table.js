// The live table of a list that needs no cells of its own.
import { liveTable } from "live_table";

export default liveTable();
