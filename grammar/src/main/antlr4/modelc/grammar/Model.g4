/*
 * The language of .model files. A statement ends at a newline or a semicolon; whoever feeds the
 * parser drops the NL tokens that end nothing: those inside ( ) and [ ], and those beside a token
 * that cannot end or begin a statement (an infix operator, an arrow, `else`).
 */
grammar Model;

file : ( end | importing | declaration )* EOF ;

end : NL | ';' ;

// A value given from outside, on the command line.
value : end* expression end* EOF ;

importing : 'import' name ( ',' name )* 'from' STRING ;

declaration
  : 'fn' name config result? block gradient?                       # fnDeclaration
  | 'layer' name config? NL* parameter ( ',' parameter )* result? block # layerDeclaration
  | 'model' name config? block                                     # modelDeclaration
  | 'optimizer' name config? NL* name ',' name block               # optimizerDeclaration
  | 'train' name '{' end* ( setting ( end+ setting )* end* )? '}'  # trainDeclaration
  ;

config : '(' ( parameter ( ',' parameter )* ','? )? ')' ;

parameter : name ( ':' type )? ( '=' expression )? ;

result : '->' type ;

gradient
  : 'gradient' '(' name ',' name ')' block  # statedGradient
  | 'gradient' 'none' STRING                # noGradient
  ;

setting : key '=' expression ( 'on' selector )? ;

key : name | 'optimizer' | 'model' | 'input' | 'output' | 'state' | 'param' ;

selector : '*'? name ( '.' name )* ;

type
  : name? '[' ( dimension ( ',' dimension )* ','? )? ']'  # tensorType
  | ( name | 'fn' | 'layer' )                             # namedType
  ;

dimension : '...' name? | expression ;

block : '{' end* ( statement ( end+ statement )* end* )? '}' ;

statement
  : 'param' name ':' type '=' expression                # paramStatement
  | 'state' stateItem ( ',' stateItem )*                # stateStatement
  | 'input' name ':' type                               # inputStatement
  | 'output' name ( ':' type )? '=' expression          # outputStatement
  | 'return' expression                                 # returnStatement
  | 'assert' expression ( ',' expression )?             # assertStatement
  | 'for' name 'in' expression block                    # forStatement
  | branch                                              # ifStatement
  | target ( ',' target )* '=' expression               # bindStatement
  | name '<-' expression                                # updateStatement
  | expression                                          # expressionStatement
  ;

branch : 'if' expression block ( 'else' ( branch | block ) )? ;

stateItem : name ( ':' type )? '=' expression ;

target : name ( ':' type )? ;

expression
  : 'if' expression 'then' expression 'else' expression  # conditional
  | operation ( '->' stage )*                            # pipeline
  ;

stage : ( name ':' )? postfix ;

operation
  : postfix                                                          # operand
  | <assoc = right> operation op = '^' operation                     # infix
  | '-' operation                                                    # negation
  | operation op = ( '*' | '/' | '%' | '@' ) operation               # infix
  | operation op = ( '+' | '-' ) operation                           # infix
  | operation op = '..' operation                                    # infix
  | operation op = ( '==' | '!=' | '<' | '<=' | '>' | '>=' ) operation # infix
  | 'not' operation                                                  # inversion
  | operation op = 'and' operation                                   # infix
  | operation op = 'or' operation                                    # infix
  ;

postfix
  : primary                                        # simple
  | postfix '(' ( argument ( ',' argument )* ','? )? ')' # call
  | postfix '[' expression ']'                     # index
  | postfix '.' name                               # member
  ;

argument : ( name '=' )? expression ;

primary
  : INT                                         # intLiteral
  | FLOAT                                       # floatLiteral
  | STRING                                      # stringLiteral
  | ( 'true' | 'false' )                        # boolLiteral
  | name                                        # nameReference
  | '[' ( item ( ',' item )* ','? )? ']'        # list
  | '(' expression ')'                          # parenthesized
  ;

item : '...' name | expression ;

// Words with a meaning in one place only stay usable as names.
name : IDENT | 'from' | 'on' | 'none' ;

FN : 'fn' ;
LAYER : 'layer' ;
MODEL : 'model' ;
OPTIMIZER : 'optimizer' ;
TRAIN : 'train' ;
IMPORT : 'import' ;
FROM : 'from' ;
PARAM : 'param' ;
STATE : 'state' ;
INPUT : 'input' ;
OUTPUT : 'output' ;
RETURN : 'return' ;
ASSERT : 'assert' ;
GRADIENT : 'gradient' ;
NONE : 'none' ;
ON : 'on' ;
FOR : 'for' ;
IN : 'in' ;
IF : 'if' ;
THEN : 'then' ;
ELSE : 'else' ;
AND : 'and' ;
OR : 'or' ;
NOT : 'not' ;
TRUE : 'true' ;
FALSE : 'false' ;

// Kept for what comes: recurrence, learning rules, architecture search.
RESERVED : 'scan' | 'yield' | 'rule' | 'search' ;

ARROW : '->' ;
UPDATE : '<-' ;
ELLIPSIS : '...' ;
RANGE : '..' ;
EQ : '==' ;
NE : '!=' ;
LE : '<=' ;
GE : '>=' ;
LT : '<' ;
GT : '>' ;
ASSIGN : '=' ;
PLUS : '+' ;
MINUS : '-' ;
TIMES : '*' ;
OVER : '/' ;
MODULO : '%' ;
MATMUL : '@' ;
POWER : '^' ;
LPAREN : '(' ;
RPAREN : ')' ;
LBRACKET : '[' ;
RBRACKET : ']' ;
LBRACE : '{' ;
RBRACE : '}' ;
COMMA : ',' ;
COLON : ':' ;
SEMICOLON : ';' ;
DOT : '.' ;

FLOAT : DIGITS '.' DIGITS EXPONENT? | DIGITS EXPONENT ;
INT : DIGITS ;
IDENT : [a-zA-Z_] [a-zA-Z_0-9]* ;
STRING : '"' ( ~["\\\r\n] | '\\' ~[\r\n] )* '"' ;
OPEN_STRING : '"' ( ~["\\\r\n] | '\\' ~[\r\n] )* ;

NL : '\r'? '\n' | '\r' ;
COMMENT : '//' ~[\r\n]* -> channel(HIDDEN) ;
SPACE : [ \t\u00A0]+ -> channel(HIDDEN) ;
UNKNOWN : . ;

fragment DIGITS : [0-9] ( [0-9_]* [0-9] )? ;
fragment EXPONENT : [eE] [+-]? [0-9]+ ;
