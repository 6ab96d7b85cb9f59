#include "textflag.h"

// func sumBlocks(p *byte, n int) uint64
TEXT ·sumBlocks(SB), NOSPLIT, $0-24
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	PXOR X0, X0 // differences from zero are the bytes themselves
	PXOR X1, X1
	PXOR X2, X2
	JMP  more
four:
	MOVOU (SI), X3
	MOVOU 16(SI), X4
	MOVOU 32(SI), X5
	MOVOU 48(SI), X6
	PSADBW X0, X3
	PSADBW X0, X4
	PSADBW X0, X5
	PSADBW X0, X6
	PADDQ X3, X1
	PADDQ X4, X2
	PADDQ X5, X1
	PADDQ X6, X2
	ADDQ $64, SI
	SUBQ $64, CX
more:
	CMPQ CX, $64
	JGE  four
	JMP  rest
one:
	MOVOU (SI), X3
	PSADBW X0, X3
	PADDQ X3, X1
	ADDQ $16, SI
	SUBQ $16, CX
rest:
	CMPQ CX, $16
	JGE  one
	PADDQ X2, X1
	MOVOA X1, X3
	PSRLDQ $8, X3
	PADDQ X3, X1
	MOVQ X1, ret+16(FP)
	RET

// func maxBlocks(p *byte, n int) byte
TEXT ·maxBlocks(SB), NOSPLIT, $0-17
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVOU (SI), X1
	JMP  next
each:
	MOVOU (SI), X2
	PMAXUB X2, X1
next:
	ADDQ $16, SI
	SUBQ $16, CX
	JG   each
	MOVOA X1, X2
	PSRLDQ $8, X2
	PMAXUB X2, X1
	MOVOA X1, X2
	PSRLDQ $4, X2
	PMAXUB X2, X1
	MOVOA X1, X2
	PSRLDQ $2, X2
	PMAXUB X2, X1
	MOVOA X1, X2
	PSRLDQ $1, X2
	PMAXUB X2, X1
	MOVQ X1, AX
	MOVB AX, ret+16(FP)
	RET

// func minBlocks(p *byte, n int) byte
TEXT ·minBlocks(SB), NOSPLIT, $0-17
	MOVQ p+0(FP), SI
	MOVQ n+8(FP), CX
	MOVOU (SI), X1
	JMP  next
each:
	MOVOU (SI), X2
	PMINUB X2, X1
next:
	ADDQ $16, SI
	SUBQ $16, CX
	JG   each
	MOVOA X1, X2
	PSRLDQ $8, X2
	PMINUB X2, X1
	MOVOA X1, X2
	PSRLDQ $4, X2
	PMINUB X2, X1
	MOVOA X1, X2
	PSRLDQ $2, X2
	PMINUB X2, X1
	MOVOA X1, X2
	PSRLDQ $1, X2
	PMINUB X2, X1
	MOVQ X1, AX
	MOVB AX, ret+16(FP)
	RET
