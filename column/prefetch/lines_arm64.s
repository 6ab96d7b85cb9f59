#include "textflag.h"

// func Ask(lines *Lines, n int)
TEXT ·Ask(SB), NOSPLIT, $0-16
	MOVD lines+0(FP), R0
	MOVD n+8(FP), R1
more:
	CBZ  R1, done
	MOVD.P 8(R0), R2
	PRFM (R2), PLDL1KEEP
	SUB  $1, R1
	B    more
done:
	RET
