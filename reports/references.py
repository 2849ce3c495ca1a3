"""The table of references: citation key -> where the idea was published.

Settings classes carry keys (`cites = ("gatys2015",)`); the report lists the union over a recipe.
Identifiers are given where known for certain: `doi` without its resolver, `arxiv` as the bare number.
"""

from __future__ import annotations

from collections.abc import Iterable

from reports.publication import Reference

REFERENCES: dict[str, Reference] = {
    "berger2016": Reference(
        "Guillaume Berger, Roland Memisevic",
        2016,
        "Incorporating long-range consistency in CNN-based texture generation",
        "ICLR 2017",
        arxiv="1606.01286",
    ),
    "catmull1974": Reference(
        "Edwin Catmull, Raphael Rom",
        1974,
        "A class of local interpolating splines",
        "Computer Aided Geometric Design, Academic Press, 317–326",
        doi="10.1016/B978-0-12-079050-0.50020-5",
    ),
    "conway2008": Reference(
        "John H. Conway, Heidi Burgiel, Chaim Goodman-Strauss", 2008, "The Symmetries of Things", "A K Peters"
    ),
    "coxeter1972": Reference(
        "H. S. M. Coxeter, W. O. J. Moser",
        1972,
        "Generators and Relations for Discrete Groups",
        "3rd edition, Springer",
    ),
    "deng2009": Reference(
        "Jia Deng, Wei Dong, Richard Socher, Li-Jia Li, Kai Li, Li Fei-Fei",
        2009,
        "ImageNet: A large-scale hierarchical image database",
        "CVPR, 248–255",
        doi="10.1109/CVPR.2009.5206848",
    ),
    "fournier1982": Reference(
        "Alain Fournier, Don Fussell, Loren Carpenter",
        1982,
        "Computer rendering of stochastic models",
        "Communications of the ACM 25(6), 371–384",
        doi="10.1145/358523.358553",
    ),
    "fiser2013": Reference(
        "Daniel Fišer, Jan Faigl, Miroslav Kulich",
        2013,
        "Growing neural gas efficiently",
        "Neurocomputing 104, 72–82",
        doi="10.1016/j.neucom.2012.10.004",
    ),
    "fritzke1997": Reference(
        "Bernd Fritzke",
        1997,
        "A self-organizing network that can follow non-stationary distributions",
        "Artificial Neural Networks, ICANN'97, LNCS 1327, 613–618",
        doi="10.1007/BFb0020222",
    ),
    "otsu1979": Reference(
        "Nobuyuki Otsu",
        1979,
        "A threshold selection method from gray-level histograms",
        "IEEE Transactions on Systems, Man, and Cybernetics 9(1), 62–66",
        doi="10.1109/TSMC.1979.4310076",
    ),
    "niblack1986": Reference("Wayne Niblack", 1986, "An introduction to digital image processing", "Prentice-Hall"),
    "sauvola2000": Reference(
        "Jaakko Sauvola, Matti Pietikäinen",
        2000,
        "Adaptive document image binarization",
        "Pattern Recognition 33(2), 225–236",
        doi="10.1016/S0031-3203(99)00055-2",
    ),
    "lloyd1982": Reference(
        "Stuart P. Lloyd",
        1982,
        "Least squares quantization in PCM",
        "IEEE Transactions on Information Theory 28(2), 129–137",
        doi="10.1109/TIT.1982.1056489",
    ),
    "secord2002": Reference(
        "Adrian Secord",
        2002,
        "Weighted Voronoi stippling",
        "Non-Photorealistic Animation and Rendering, 37–43",
        doi="10.1145/508530.508537",
    ),
    "kaplan2005": Reference(
        "Craig S. Kaplan, Robert Bosch",
        2005,
        "TSP art",
        "Renaissance Banff: Mathematics, Music, Art, Culture (Bridges), 301–308",
    ),
    "zhang1984": Reference(
        "T. Y. Zhang, C. Y. Suen",
        1984,
        "A fast parallel algorithm for thinning digital patterns",
        "Communications of the ACM 27(3), 236–239",
        doi="10.1145/357994.358023",
    ),
    "fritzke1995": Reference(
        "Bernd Fritzke",
        1995,
        "A growing neural gas network learns topologies",
        "Advances in Neural Information Processing Systems 7, 625–632",
    ),
    "desmit2003": Reference(
        "Bart de Smit, Hendrik W. Lenstra Jr.",
        2003,
        "The mathematical structure of Escher's Print Gallery",
        "Notices of the American Mathematical Society 50(4), 446–451",
    ),
    "gatys2015": Reference(
        "Leon A. Gatys, Alexander S. Ecker, Matthias Bethge",
        2015,
        "Texture synthesis using convolutional neural networks",
        "Advances in Neural Information Processing Systems 28",
        arxiv="1505.07376",
    ),
    "gatys2016": Reference(
        "Leon A. Gatys, Alexander S. Ecker, Matthias Bethge",
        2016,
        "Image style transfer using convolutional neural networks",
        "CVPR, 2414–2423",
        doi="10.1109/CVPR.2016.265",
    ),
    "gatys2017": Reference(
        "Leon A. Gatys, Alexander S. Ecker, Matthias Bethge, Aaron Hertzmann, Eli Shechtman",
        2017,
        "Controlling perceptual factors in neural style transfer",
        "CVPR",
        arxiv="1611.07865",
    ),
    "glorot2010": Reference(
        "Xavier Glorot, Yoshua Bengio",
        2010,
        "Understanding the difficulty of training deep feedforward neural networks",
        "AISTATS, 249–256",
    ),
    "itc-a": Reference(
        "Mois I. Aroyo (editor)",
        2016,
        "International Tables for Crystallography, Volume A: Space-group symmetry",
        "6th edition, International Union of Crystallography",
        doi="10.1107/97809553602060000114",
    ),
    "jarratt1980": Reference(
        "J. D. Jarratt, R. L. E. Schwarzenberger", 1980, "Coloured plane groups", "Acta Crystallographica A36, 884–888"
    ),
    "kingma2015": Reference(
        "Diederik P. Kingma, Jimmy Ba", 2015, "Adam: A method for stochastic optimization", "ICLR", arxiv="1412.6980"
    ),
    "li2017": Reference(
        "Yanghao Li, Naiyan Wang, Jiaying Liu, Xiaodi Hou",
        2017,
        "Demystifying neural style transfer",
        "IJCAI, 2230–2236",
        arxiv="1701.01036",
    ),
    "liu1989": Reference(
        "Dong C. Liu, Jorge Nocedal",
        1989,
        "On the limited memory BFGS method for large scale optimization",
        "Mathematical Programming 45, 503–528",
        doi="10.1007/BF01589116",
    ),
    "mindseye": Reference(
        "Andrew Charneski",
        2018,
        "MindsEye: symmetric textures, style transfer and their reports",
        "software and articles, 2018–2022",
        address="https://deepartist.org/",
    ),
    "mordvintsev2015": Reference(
        "Alexander Mordvintsev, Christopher Olah, Mike Tyka",
        2015,
        "Inceptionism: Going deeper into neural networks",
        "Google Research Blog",
        address="https://research.google/blog/inceptionism-going-deeper-into-neural-networks/",
    ),
    "hertzmann1998": Reference(
        "Aaron Hertzmann",
        1998,
        "Painterly rendering with curved brush strokes of multiple sizes",
        "Proceedings of SIGGRAPH 98",
        doi="10.1145/280814.280951",
    ),
    "mordvintsev2018": Reference(
        "Alexander Mordvintsev, Nicola Pezzotti, Ludwig Schubert, Chris Olah",
        2018,
        "Differentiable image parameterizations",
        "Distill",
        doi="10.23915/distill.00012",
    ),
    "goodfellow2014": Reference(
        "Ian J. Goodfellow, Jean Pouget-Abadie, Mehdi Mirza, Bing Xu, David Warde-Farley, Sherjil Ozair, "
        "Aaron Courville, Yoshua Bengio",
        2014,
        "Generative adversarial nets",
        "NeurIPS 27",
        arxiv="1406.2661",
    ),
    "gulrajani2017": Reference(
        "Ishaan Gulrajani, Faruk Ahmed, Martin Arjovsky, Vincent Dumoulin, Aaron Courville",
        2017,
        "Improved training of Wasserstein GANs",
        "NeurIPS 30",
        arxiv="1704.00028",
    ),
    "ganin2018": Reference(
        "Yaroslav Ganin, Tejas Kulkarni, Igor Babuschkin, S. M. Ali Eslami, Oriol Vinyals",
        2018,
        "Synthesizing programs for images using reinforced adversarial learning",
        "ICML 2018",
        arxiv="1804.01118",
    ),
    "lecun1998": Reference(
        "Yann LeCun, Leon Bottou, Yoshua Bengio, Patrick Haffner",
        1998,
        "Gradient-based learning applied to document recognition",
        "Proceedings of the IEEE 86(11), 2278–2324",
        doi="10.1109/5.726791",
    ),
    "clanuwat2018": Reference(
        "Tarin Clanuwat, Mikel Bober-Irizar, Asanobu Kitamoto, Alex Lamb, Kazuaki Yamamoto, David Ha",
        2018,
        "Deep learning for classical Japanese literature",
        "NeurIPS workshop on machine learning for creativity and design",
        arxiv="1812.01718",
    ),
    "huang2007": Reference(
        "Gary B. Huang, Manu Ramesh, Tamara Berg, Erik Learned-Miller",
        2007,
        "Labeled faces in the wild: a database for studying face recognition in unconstrained environments",
        "University of Massachusetts Amherst, technical report 07-49",
    ),
    "kingma2014": Reference(
        "Diederik P. Kingma, Max Welling",
        2014,
        "Auto-encoding variational Bayes",
        "ICLR 2014",
        arxiv="1312.6114",
    ),
    "kingma2016": Reference(
        "Diederik P. Kingma, Tim Salimans, Rafal Jozefowicz, Xi Chen, Ilya Sutskever, Max Welling",
        2016,
        "Improved variational inference with inverse autoregressive flow",
        "NeurIPS 29",
        arxiv="1606.04934",
    ),
    "wang2004": Reference(
        "Zhou Wang, Alan C. Bovik, Hamid R. Sheikh, Eero P. Simoncelli",
        2004,
        "Image quality assessment: from error visibility to structural similarity",
        "IEEE Transactions on Image Processing 13(4), 600–612",
        doi="10.1109/TIP.2003.819861",
    ),
    "tancik2020": Reference(
        "Matthew Tancik, Pratul P. Srinivasan, Ben Mildenhall, Sara Fridovich-Keil, Nithin Raghavan, Utkarsh Singhal, "
        "Ravi Ramamoorthi, Jonathan T. Barron, Ren Ng",
        2020,
        "Fourier features let networks learn high frequency functions in low dimensional domains",
        "NeurIPS 33",
        arxiv="2006.10739",
    ),
    "nakano2019": Reference(
        "Reiichiro Nakano",
        2019,
        "Neural painters: A learned differentiable constraint for generating brushstroke paintings",
        arxiv="1904.08410",
    ),
    "gneiting2007": Reference(
        "Tilmann Gneiting, Adrian E. Raftery",
        2007,
        "Strictly proper scoring rules, prediction, and estimation",
        "Journal of the American Statistical Association 102(477), 359–378",
        doi="10.1198/016214506000001437",
    ),
    "jolicoeur2019": Reference(
        "Alexia Jolicoeur-Martineau",
        2019,
        "The relativistic discriminator: a key element missing from standard GAN",
        "ICLR",
        arxiv="1807.00734",
    ),
    "nocedal2006": Reference(
        "Jorge Nocedal, Stephen J. Wright",
        2006,
        "Numerical Optimization",
        "2nd edition, Springer",
        doi="10.1007/978-0-387-40065-5",
    ),
    "odena2016": Reference(
        "Augustus Odena, Vincent Dumoulin, Chris Olah",
        2016,
        "Deconvolution and checkerboard artifacts",
        "Distill",
        doi="10.23915/distill.00003",
    ),
    "olah2017": Reference(
        "Chris Olah, Alexander Mordvintsev, Ludwig Schubert",
        2017,
        "Feature visualization",
        "Distill",
        doi="10.23915/distill.00007",
    ),
    "reinhard2001": Reference(
        "Erik Reinhard, Michael Ashikhmin, Bruce Gooch, Peter Shirley",
        2001,
        "Color transfer between images",
        "IEEE Computer Graphics and Applications 21(5), 34–41",
        doi="10.1109/38.946629",
    ),
    "risser2017": Reference(
        "Eric Risser, Pierre Wilmot, Connelly Barnes",
        2017,
        "Stable and controllable neural texture synthesis and style transfer using histogram losses",
        arxiv="1701.08893",
    ),
    "rudin1992": Reference(
        "Leonid I. Rudin, Stanley Osher, Emad Fatemi",
        1992,
        "Nonlinear total variation based noise removal algorithms",
        "Physica D 60, 259–268",
        doi="10.1016/0167-2789(92)90242-F",
    ),
    "saxe2014": Reference(
        "Andrew M. Saxe, James L. McClelland, Surya Ganguli",
        2014,
        "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
        "ICLR",
        arxiv="1312.6120",
    ),
    "senechal1975": Reference(
        "Marjorie Senechal", 1975, "Point groups and color symmetry", "Zeitschrift für Kristallographie 142, 1–23"
    ),
    "senechal1979": Reference(
        "Marjorie Senechal",
        1979,
        "Color groups",
        "Discrete Applied Mathematics 1, 51–73",
        doi="10.1016/0166-218X(79)90014-3",
    ),
    "simonyan2014": Reference(
        "Karen Simonyan, Andrew Zisserman",
        2014,
        "Very deep convolutional networks for large-scale image recognition",
        "ICLR 2015",
        arxiv="1409.1556",
    ),
    "spglib2024": Reference(
        "Atsushi Togo, Kohei Shinohara, Isao Tanaka",
        2024,
        "Spglib: a software library for crystal symmetry search",
        "Science and Technology of Advanced Materials: Methods 4, 2384822",
        doi="10.1080/27660400.2024.2384822",
    ),
    "szegedy2015": Reference(
        "Christian Szegedy, Wei Liu, Yangqing Jia, Pierre Sermanet, Scott Reed, Dragomir Anguelov, "
        "Dumitru Erhan, Vincent Vanhoucke, Andrew Rabinovich",
        2015,
        "Going deeper with convolutions",
        "CVPR",
        doi="10.1109/CVPR.2015.7298594",
    ),
    "szegedy2016": Reference(
        "Christian Szegedy, Vincent Vanhoucke, Sergey Ioffe, Jonathon Shlens, Zbigniew Wojna",
        2016,
        "Rethinking the Inception architecture for computer vision",
        "CVPR, 2818–2826",
        doi="10.1109/CVPR.2016.308",
    ),
    "tan2019": Reference(
        "Mingxing Tan, Quoc V. Le",
        2019,
        "EfficientNet: Rethinking model scaling for convolutional neural networks",
        "ICML",
        arxiv="1905.11946",
    ),
    "ustyuzhaninov2016": Reference(
        "Ivan Ustyuzhaninov, Wieland Brendel, Leon A. Gatys, Matthias Bethge",
        2016,
        "Texture synthesis using shallow convolutional networks with random filters",
        arxiv="1606.00021",
    ),
    "xie2015": Reference(
        "Saining Xie, Zhuowen Tu",
        2015,
        "Holistically-nested edge detection",
        "ICCV, 1395–1403",
        doi="10.1109/ICCV.2015.164",
    ),
}


def resolve(keys: Iterable[str]) -> tuple[tuple[Reference, ...], tuple[str, ...]]:
    """The references of these keys, by author and year, and the keys that the table lacks.

    Args:
        keys: citation keys, in any order, repeated or not.

    Returns:
        (references sorted as a bibliography, unknown keys sorted).
    """
    wanted = sorted(set(keys))
    known = [REFERENCES[key] for key in wanted if key in REFERENCES]
    known.sort(key=lambda reference: (reference.authors.split(",")[0].split()[-1], reference.year))
    return tuple(known), tuple(key for key in wanted if key not in REFERENCES)
