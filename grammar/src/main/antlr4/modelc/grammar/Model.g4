grammar Model;

// A placeholder: the real grammar replaces it.
file : IDENTIFIER* EOF ;

IDENTIFIER : [a-zA-Z_] [a-zA-Z_0-9]* ;
WS : [ \t\r\n]+ -> skip ;
