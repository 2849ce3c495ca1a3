"""The published rules as plainly as they can be written: whole distances, ages and errors kept by hand.

`neupy` are those of NeuPy 0.8.2, in single precision as it has them, `paper` those of Fritzke 1995. Nothing here comes
from `orbifolio.runner.gas`.
"""

import numpy as np


class SlowGas:
    def __init__(self, start, *, epsilon_b, epsilon_n, a_max, interval, alpha, d, most, neupy=False, nearer=0.0):
        self.number = np.float32 if neupy else np.float64
        self.places = {number: place.astype(self.number) for number, place in enumerate(start)}
        self.errors = dict.fromkeys(self.places, 0.0)
        self.ages = {}
        self.born = len(start)
        self.updates = 0
        self.epsilon_b, self.epsilon_n, self.a_max, self.interval = epsilon_b, epsilon_n, a_max, interval
        self.alpha, self.d, self.most, self.neupy, self.nearer = alpha, d, most, neupy, nearer

    def around(self, node):
        return [other for edge in self.ages if node in edge for other in edge if other != node]

    def present(self, point):
        point = point.astype(self.number)
        numbers = list(self.places)
        distances = np.sqrt(((np.array([self.places[n] for n in numbers]) - point) ** 2).sum(axis=1))
        first, second = (numbers[k] for k in np.argsort(distances, kind="stable")[:2])
        distance = float(distances.min())
        if distance < self.nearer:
            return distance
        self.updates += 1
        self.errors[first] += distance if self.neupy else distance**2
        self.places[first] += self.epsilon_b * (point - self.places[first])
        between = frozenset((first, second))
        if self.neupy:
            self.ages[between] = 0
        for other in self.around(first):
            edge = frozenset((first, other))
            if self.neupy and self.ages[edge] >= self.a_max:
                del self.ages[edge]
                continue
            self.ages[edge] += 1
            self.places[other] += self.epsilon_n * (point - self.places[other])
        if not self.neupy:
            self.ages[between] = 0
            self.ages = {edge: age for edge, age in self.ages.items() if age <= self.a_max}
        for lonely in [n for n in self.places if self.born > 2 and n != first and not self.around(n)]:
            if self.touched(lonely):
                del self.places[lonely], self.errors[lonely]
        if self.updates % self.interval == 0 and len(self.places) < self.most:
            self.split()
        self.errors = {node: error * self.d for node, error in self.errors.items()}
        return distance

    def touched(self, node):
        """A start node that never won anything has no edge yet and stays."""
        return self.errors[node] > 0 or node >= 2

    def split(self):
        q = max(self.errors, key=self.errors.get)
        f = max(sorted(self.around(q)), key=self.errors.get)
        self.errors[q] *= self.alpha
        self.errors[f] *= self.alpha
        new, self.born = self.born, self.born + 1
        self.places[new] = 0.5 * (self.places[q] + self.places[f])
        self.errors[new] = 0.0 if self.neupy else self.errors[q]
        del self.ages[frozenset((q, f))]
        self.ages[frozenset((q, new))] = self.ages[frozenset((f, new))] = 0
