// Strengths of runs from duels, after Bradley and Terry (1952), as in reports/data/bradley_terry.py: a test holds both
// against each other. Run i is preferred to run j with probability 1 / (1 + exp(t_j - t_i)); a vote for neither is half
// a vote for each; the strengths t have a normal prior, so that few votes give moderate strengths with wide intervals.
// A duel is [first, second, share of the first], runs being numbers from 0. Matrices are Float64Arrays, row by row.
"use strict";

orbifolio.bradleyTerry = (() => {
  const PRIOR_DEVIATION = 1;
  const INTERVAL_DEVIATIONS = 1.96; // 95 %
  const TOLERANCE = 1e-10;
  const MAX_STEPS = 100;

  function logistic(value) {
    return (1 + Math.tanh(value / 2)) / 2;
  }

  // log(1 + exp(value)), without overflow.
  function softplus(value) {
    return Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
  }

  function logPosterior(strengths, duels) {
    let sum = 0;
    for (const [first, second, share] of duels) {
      const gap = strengths[first] - strengths[second];
      sum += share * gap - softplus(gap);
    }
    return sum - strengths.reduce((squares, each) => squares + each * each, 0) / (2 * PRIOR_DEVIATION ** 2);
  }

  // The gradient and the negative Hessian of the log posterior.
  function curvature(strengths, duels) {
    const count = strengths.length;
    const precision = PRIOR_DEVIATION ** -2;
    const gradient = strengths.map((each) => -precision * each);
    const hessian = new Float64Array(count * count);
    for (let run = 0; run < count; run += 1) hessian[run * count + run] = precision;
    for (const [first, second, share] of duels) {
      const expected = logistic(strengths[first] - strengths[second]);
      const weight = expected * (1 - expected);
      gradient[first] += share - expected;
      gradient[second] -= share - expected;
      hessian[first * count + first] += weight;
      hessian[second * count + second] += weight;
      hessian[first * count + second] -= weight;
      hessian[second * count + first] -= weight;
    }
    return { gradient, hessian };
  }

  // The lower factor of a positive definite matrix (Cholesky), in its place.
  function factor(matrix, count) {
    for (let row = 0; row < count; row += 1) {
      for (let column = 0; column <= row; column += 1) {
        let sum = matrix[row * count + column];
        for (let at = 0; at < column; at += 1) sum -= matrix[row * count + at] * matrix[column * count + at];
        matrix[row * count + column] = row === column ? Math.sqrt(sum) : sum / matrix[column * count + column];
      }
    }
    return matrix;
  }

  // x with L L' x = y, in place of y, of which all before `first` is 0. Both ways go through L row by row, as it lies in
  // memory: with a thousand runs this is five times as fast.
  function solve(lower, y, first = 0) {
    const count = y.length;
    for (let row = first; row < count; row += 1) {
      let sum = y[row];
      for (let at = first; at < row; at += 1) sum -= lower[row * count + at] * y[at];
      y[row] = sum / lower[row * count + row];
    }
    for (let row = count - 1; row >= 0; row -= 1) {
      const value = y[row] / lower[row * count + row];
      y[row] = value;
      for (let at = 0; at < row; at += 1) y[at] -= lower[row * count + at] * value;
    }
    return y;
  }

  // The log-strengths, of mean 0, and their covariance against that mean.
  function fit(count, duels) {
    let strengths = new Float64Array(count);
    for (let turn = 0; turn < MAX_STEPS; turn += 1) {
      const { gradient, hessian } = curvature(strengths, duels);
      const step = solve(factor(hessian, count), gradient);
      const before = logPosterior(strengths, duels);
      let share = 1;
      const size = step.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
      const moved = () => strengths.map((each, run) => each + share * step[run]);
      while (logPosterior(moved(), duels) < before && share * size > TOLERANCE) share /= 2;
      strengths = moved();
      if (share * size <= TOLERANCE) break;
    }
    const lower = factor(curvature(strengths, duels).hessian, count);
    const covariance = new Float64Array(count * count);
    for (let run = 0; run < count; run += 1) {
      const unit = new Float64Array(count);
      unit[run] = 1;
      covariance.set(solve(lower, unit, run).map((each) => each - PRIOR_DEVIATION ** 2 / count), run * count);
    }
    return { count, strengths, covariance };
  }

  // The chance to be preferred to a run of mean strength, and the ends of its 95 % interval.
  function chances({ count, strengths, covariance }, run) {
    const half = INTERVAL_DEVIATIONS * Math.sqrt(Math.max(0, covariance[run * count + run]));
    return [strengths[run], strengths[run] - half, strengths[run] + half].map(logistic);
  }

  // The pair whose duel tells most: with p the chance of its outcome and v the variance of the gap in strength, it adds
  // log(1 + p (1 - p) v) / 2 to what is known (Glickman and Jensen 2005). Runs never shown have the prior's large v, so
  // that they come first; equal pairs are drawn by `random`, a function that returns a number from 0 up to 1.
  function tellingPair({ count, strengths, covariance }, random) {
    let best = [];
    let most = -1;
    for (let first = 0; first < count; first += 1) {
      for (let second = first + 1; second < count; second += 1) {
        const expected = logistic(strengths[first] - strengths[second]);
        const gap = covariance[first * count + first] + covariance[second * count + second] - 2 * covariance[first * count + second];
        const told = expected * (1 - expected) * gap;
        if (told > most * (1 + 1e-9)) best = [];
        if (told >= most * (1 - 1e-9)) best.push([first, second]);
        most = Math.max(most, told);
      }
    }
    return best[Math.floor(random() * best.length)];
  }

  return { fit, chances, tellingPair };
})();
