#include "textflag.h"

// func Ask(lines *Lines, n int)
TEXT ·Ask(SB), NOSPLIT, $0-16
	MOVQ lines+0(FP), AX
	MOVQ n+8(FP), CX
	JMP  more
next:
	MOVQ (AX), DX
	PREFETCHT0 (DX)
	ADDQ $8, AX
	DECQ CX
more:
	TESTQ CX, CX
	JNZ  next
	RET
