import{a as e}from"./chunk-CXQQFTLU.js";import{l as o}from"./chunk-F2SJCB5N.js";function t(){return o(e,{title:"Soon"})}export{t as default};
