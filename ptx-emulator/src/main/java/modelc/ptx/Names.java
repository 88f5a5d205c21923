package modelc.ptx;

import java.util.List;

/** What the registers of a program are called in the text, for messages. */
record Names(List<String> registers, List<String> predicates) {}
