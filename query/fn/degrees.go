package fn

import "math"

// Trigonometry in degrees. Results are exact where the mathematical ones are (sind(30) is 0.5), because angles are reduced to the first
// quadrant as degrees and results scaled by the values that the library gives at 30, 45 and 60 degrees, as PostgreSQL does.

const radian = math.Pi / 180

// sineOf and cosineOf are functions lest the compiler computes an angle more exactly than it is computed later.
func sineOf(degrees float64) float64   { return math.Sin(degrees * radian) }
func cosineOf(degrees float64) float64 { return math.Cos(degrees * radian) }

var (
	sin30         = sineOf(30)
	oneMinusCos60 = 1 - cosineOf(60)
	asinHalf      = math.Asin(0.5)
	acosHalf      = math.Acos(0.5)
	atanOne       = math.Atan(1)
	tan45         = sindFirst(45) / cosdFirst(45)
	cot45         = cosdFirst(45) / sindFirst(45)
)

func sind0to30(x float64) float64 { return sineOf(x) / sin30 / 2 }

func cosd0to60(x float64) float64 {
	return 1 - (1-cosineOf(x))/oneMinusCos60/2
}

// sindFirst and cosdFirst are of the first quadrant.
func sindFirst(x float64) float64 {
	if x <= 30 {
		return sind0to30(x)
	}
	return cosd0to60(90 - x)
}

func cosdFirst(x float64) float64 {
	if x <= 60 {
		return cosd0to60(x)
	}
	return sind0to30(90 - x)
}

func sind(x float64) float64 {
	x = math.Mod(x, 360)
	sign := 1.0
	if x < 0 {
		x, sign = -x, -sign
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x = 180 - x
	}
	return sign * sindFirst(x)
}

func cosd(x float64) float64 {
	x = math.Abs(math.Mod(x, 360))
	sign := 1.0
	if x > 180 {
		x = 360 - x
	}
	if x > 90 {
		x, sign = 180-x, -sign
	}
	return sign * cosdFirst(x)
}

func tand(x float64) float64 {
	x, sign := tangentAngle(x)
	return positiveZero(sign * (sindFirst(x) / cosdFirst(x) / tan45))
}

func cotd(x float64) float64 {
	x, sign := tangentAngle(x)
	return positiveZero(sign * (cosdFirst(x) / sindFirst(x) / cot45))
}

func tangentAngle(x float64) (angle, sign float64) {
	x, sign = math.Mod(x, 360), 1
	if x < 0 {
		x, sign = -x, -sign
	}
	if x > 180 {
		x, sign = 360-x, -sign
	}
	if x > 90 {
		x, sign = 180-x, -sign
	}
	return x, sign
}

func positiveZero(x float64) float64 {
	if x == 0 {
		return 0
	}
	return x
}

func asindFirst(x float64) float64 {
	if x <= 0.5 {
		return math.Asin(x) / asinHalf * 30
	}
	return 90 - math.Acos(x)/acosHalf*60
}

func asind(x float64) float64 {
	if x >= 0 {
		return asindFirst(x)
	}
	return -asindFirst(-x)
}

func acosd(x float64) float64 {
	if x < 0 {
		return 90 + asindFirst(-x)
	}
	if x <= 0.5 {
		return 90 - math.Asin(x)/asinHalf*30
	}
	return math.Acos(x) / acosHalf * 60
}

func atand(x float64) float64 { return math.Atan(x) / atanOne * 45 }

func atan2d(y, x float64) float64 { return math.Atan2(y, x) / atanOne * 45 }
